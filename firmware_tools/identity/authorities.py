"""The change from one authority to the next, and the broker's certificate.

1. A new authority signs what is new; both are trusted.
2. Each device and host gets a new key and, with it, both authorities to trust.
3. The broker gets a certificate of the new one.
4. The old one is retired: nobody trusts it any more.
"""

from dataclasses import replace

from firmware_tools.errors import MistakeError
from firmware_tools.identity.beginning import write_authority
from firmware_tools.identity.certificates import new_authority, pem, serial, sign_broker
from firmware_tools.identity.keys import key_pem, new_key
from firmware_tools.identity.records import Authority, Broker, Inventory, Issued, Reached, Revoked, checked
from firmware_tools.identity.transaction import LASTS, Transaction, authority_files

SHOWN = 5


def rotate_authority(transaction: Transaction) -> Transaction:
    """Begin to sign with a new authority. Raises FirmwareError."""
    inventory = transaction.inventory
    number = inventory.newest.number + 1
    signer = new_authority(inventory.fleet, number, transaction.now)
    write_authority(transaction.fleet, signer, transaction.passphrase)
    authority = Authority(number=number, until=signer.certificate.not_valid_after_utc)
    changed = inventory.model_copy(update={"authorities": (*inventory.authorities, authority)})
    signers = (*transaction.signers, signer)
    return replace(transaction, signers=signers).commit(changed)


def renew_broker(transaction: Transaction, names: tuple[str, ...], port: int) -> Transaction:
    """Give the broker a new key and a certificate of the newest authority; the old certificate is revoked.

    Raises:
        MistakeError: a device or host would not trust it, or a name cannot be used.
        FirmwareError: something could not be written; nothing has changed.
    """
    inventory, key = transaction.inventory, new_key()
    _refuse_left_behind(inventory)
    reached = checked(Reached, {"names": names, "port": port}, "the broker cannot be reached so")
    certificate = sign_broker(transaction.signer, reached.names, key, transaction.now, LASTS)
    until = certificate.not_valid_after_utc
    issued = Issued(serial=serial(certificate), authority=transaction.signer.number, until=until)
    broker = Broker(**reached.model_dump(), issued=issued, folder=transaction.next)
    transaction.stage("broker", {"broker.crt": pem(certificate), "broker.key": key_pem(key)})
    old = inventory.broker.issued
    gone = Revoked(serial=old.serial, authority=old.authority, owner="broker", at=transaction.now, reason="superseded")
    return transaction.commit(inventory.model_copy(update={"broker": broker, "revoked": (*inventory.revoked, gone)}))


def retire_authority(transaction: Transaction) -> Transaction:
    """Trust the newest authority only, and delete the keys of those before.

    Raises:
        MistakeError: there is one only, or somebody is in the fleet by a certificate of an older one.
        FirmwareError: something could not be written.
    """
    inventory = transaction.inventory
    if len(inventory.authorities) < 2:
        raise MistakeError("there is one authority only; `provision rotate-authority` makes the next one first")
    _refuse_left_behind(inventory)
    newest = inventory.newest.number
    if inventory.broker.issued.authority != newest:
        raise MistakeError("the broker's certificate is of an older authority; `provision broker --renew` comes first")
    old = [one.name for one in inventory.members if any(each.authority != newest for each in one.issued)]
    if old:
        raise MistakeError(f"{_listed(old)} may sign in with an older certificate too: `provision revoke NAME --old`")
    changed = transaction.commit(inventory.model_copy(update={"authorities": (inventory.newest,)}))
    for authority in inventory.authorities[:-1]:
        for path in authority_files(transaction.fleet, authority.number):
            path.unlink(missing_ok=True)
    return changed


def _refuse_left_behind(inventory: Inventory) -> None:
    """Refuse while somebody does not know the newest authority."""
    newest = inventory.newest.number
    behind = [one.name for one in inventory.members if one.issued and one.issued[-1].authority < newest]
    if behind:
        raise MistakeError(
            f"{_listed(behind)} would not trust authority {newest}: give each a new key (`provision rotate NAME`), "
            "bring it there, and then do this"
        )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
