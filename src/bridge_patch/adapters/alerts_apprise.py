"""Messages through apprise: mail, chat, a pager, whatever its addresses name.

The addresses hold tokens. They are handed to apprise and nowhere else; what apprise logs
about them, or about a failure, is not printed.
"""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Final, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.secret import Secret

if TYPE_CHECKING:
    import apprise

_LACKS: Final = "ALERT_URLS needs apprise: install bridge-patch[alerts]"


@final
class AppriseNotifier:
    """The Notifier port, over one address."""

    def __init__(self, service: apprise.Apprise) -> None:
        self._service = service

    def send(self, title: str, body: str) -> bool:
        """Send one message; the service has a limit of time of some seconds."""
        text = "text"  # what is told goes out as it stands, in no markup
        return bool(self._service.notify(title=title, body=body, body_format=text))


def notifiers_of(urls: Secret) -> tuple[AppriseNotifier, ...]:
    """Return one notifier for each address.

    Raises InvalidValueError, naming the number of the address that is not understood, or
    what is to be installed.
    """
    try:
        import apprise  # noqa: PLC0415 - slow, and an extra
    except ImportError:
        raise InvalidValueError(_LACKS) from None
    for name in ("apprise", "urllib3", "requests"):
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    asset = apprise.AppriseAsset(
        secure_logging=True, async_mode=False, plugin_paths=[], app_id="BRIDGE-PATCH"
    )
    found = []
    with warnings.catch_warnings():  # its parts are imported here, old ones among them
        warnings.simplefilter("ignore", DeprecationWarning)
        for number, url in enumerate(urls.reveal().split(), 1):
            service = apprise.Apprise(asset=asset)
            if not service.add(url):
                msg = f"ALERT_URLS: apprise does not understand address number {number}"
                raise InvalidValueError(msg)
            found.append(AppriseNotifier(service))
    return tuple(found)
