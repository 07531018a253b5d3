"""Who a device is: keys, certificates, rights at the broker, configuration, and the fleet's inventory.

A fleet is one folder of the workstation, its owner's alone:

    fleet.json               the inventory; what it does not name does not count
    template.yaml, models/   what devices run
    authority/N.{key,crt}    signs; more than one while they are changed
    broker/N/                the broker's key and certificate
    devices/NAME/N/          all that device is given, of one revision
    hosts/NAME/N/            the same for programs that see every device
    mosquitto/               made from the rest; to be copied to the broker
"""
