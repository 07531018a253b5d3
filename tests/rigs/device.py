"""A device that only makes numbered events: outbox, sender and link in a process that can be killed.

`python -m tests.rigs.device PORT FOLDER DEVICE LIFE PER_SECOND` prints `N` once its events up to N are on disk.
"""

import json
import sys
import time
from pathlib import Path

from edge.mqtt.link import MqttLink
from edge.mqtt.settings import MqttSettings
from edge.outbox.outbox import Outbox
from edge.outbox.sender import Sender
from edge.outbox.settings import Forget, OutboxSettings

PADDING = "." * 200


def main(argv: list[str]) -> None:
    """Make events until killed, or until standard input ends."""
    port, folder, device, life, rate = int(argv[0]), Path(argv[1]), argv[2], int(argv[3]), float(argv[4])
    mqtt = MqttSettings(host="127.0.0.1", port=port, device=device, reconnect_max_s=0.5)
    settings = OutboxSettings(forget=Forget.HOST_ACK)
    with (
        MqttLink(mqtt) as link,
        Outbox(folder / "outbox.db", settings) as outbox,
        Sender(outbox, link, f"{mqtt.base}/ack", settings),
    ):
        began_s, number = time.monotonic(), 0
        while True:
            number += 1
            body = json.dumps({"life": life, "n": number, "padding": PADDING}).encode()
            ticket = outbox.put(f"{mqtt.base}/events", body)
            if number % 5 == 0 and outbox.accepted(ticket, 5.0):
                print(number, flush=True)
            time.sleep(max(0.0, began_s + number / rate - time.monotonic()))


if __name__ == "__main__":
    main(sys.argv[1:])
