"""Letters sent the usual way, with Python's smtplib. Run by mail.py, which times it from outside; only the connections' shares are made here.

usage: usual_mail.py WAY PORT COUNT LENGTH CONNECTIONS
       WAY is processes: a process and a connection each, kept open; the letter is made once and sent again and again
              threads:   a thread and a connection each, kept open; each letter is written with EmailMessage
              naive:     one after the other, each letter written with EmailMessage and sent over a connection of its own
       LENGTH is that of a whole letter, headers and all, in bytes
"""

import multiprocessing
import smtplib
import sys
import threading
from email import policy
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

SENDER = "uocava@elections.example.gov"
HEADERS = 294  # bytes of the letters below, with the line between


def letter(number, length):
    """A letter of about this length to a voter of its own."""
    message = EmailMessage()
    message["From"] = SENDER
    message["To"] = f"voter-{number}@example.org"
    message["Subject"] = "Your ballot is ready"
    message["Date"] = formatdate()
    # Else the machine's own name is looked up, for each letter again.
    message["Message-ID"] = make_msgid(domain="example.gov")
    lines, rest = divmod(max(0, length - HEADERS), 72)  # with CR and LF
    message.set_content(("x" * 70 + "\n") * lines + "x" * max(0, rest - 2))
    return message


def kept(port, numbers, length, is_written):
    """One connection, kept open for all its letters."""
    ready = None if is_written else letter(0, length).as_bytes(policy=policy.SMTP)
    with smtplib.SMTP("127.0.0.1", port, local_hostname="bench") as connection:
        for number in numbers:
            if is_written:
                connection.send_message(letter(number, length))
            else:
                connection.sendmail(SENDER, [f"voter-{number}@example.org"], ready)


def together(make, port, count, length, connections, is_written):
    shares = [make(target=kept, args=(port, range(start, count, connections), length, is_written)) for start in range(connections)]
    for share in shares:
        share.start()
    for share in shares:
        share.join()
    # Of a process that failed; what a thread lost is missed at the relay.
    if any(getattr(share, "exitcode", 0) for share in shares):
        sys.exit("a connection failed")


def main():
    way, port, count, length, connections = sys.argv[1], *map(int, sys.argv[2:])
    if way == "processes":
        together(multiprocessing.get_context("fork").Process, port, count, length, connections, False)
    elif way == "threads":
        together(threading.Thread, port, count, length, connections, True)
    else:
        for number in range(count):
            kept(port, [number], length, True)


if __name__ == "__main__":
    main()
