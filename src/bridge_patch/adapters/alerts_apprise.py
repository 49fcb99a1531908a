"""Messages through apprise: mail, chat, a pager, whatever its addresses name.

The addresses hold tokens. They are handed to apprise and nowhere else; what apprise logs
about them, or about a failure, is not printed.
"""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.secret import Secret

if TYPE_CHECKING:
    import apprise

_LACKS = "ALERT_URLS needs apprise: install bridge-patch[alerts]"


@final
class AppriseNotifier:
    """The Notifier port. Raises InvalidValueError where an address is not understood."""

    def __init__(self, urls: Secret) -> None:
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
        self._apprise: apprise.Apprise = apprise.Apprise(asset=asset)
        self._text = apprise.NotifyFormat.TEXT
        with warnings.catch_warnings():  # its parts are imported here, old ones among them
            warnings.simplefilter("ignore", DeprecationWarning)
            for number, url in enumerate(urls.reveal().split(), 1):
                if not self._apprise.add(url):
                    msg = f"ALERT_URLS: apprise does not understand address number {number}"
                    raise InvalidValueError(msg)

    def send(self, title: str, body: str) -> bool:
        """Send to every address; each has its own limit of time, of some seconds."""
        return bool(self._apprise.notify(title=title, body=body, body_format=self._text))
