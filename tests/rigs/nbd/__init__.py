"""Block devices whose medium is a program: nbdkit serves it, nbdfuse makes a file of it, a loop device a disk."""
