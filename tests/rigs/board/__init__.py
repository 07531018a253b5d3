"""A board that is not there: QEMU, with a stand-in for the Raspberry Pi's firmware, which QEMU does not emulate."""
