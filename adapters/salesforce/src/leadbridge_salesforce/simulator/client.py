"""The vendor's own SDK, configured for the simulator: for tests and examples that start from a ready SDK client."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

__all__ = ["sdk_client"]


class _Plain(HTTPAdapter):
    """Speaks http where the SDK, which knows nothing else, says https."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        request.url = (request.url or "").replace("https://", "http://", 1)
        return super().send(request, stream, timeout, verify, cert, dict(proxies) if proxies else None)


def sdk_client(base_url: str, token: str, ca_file: Path | None) -> Any:
    """A ``simple_salesforce.Salesforce`` that is signed in to the simulator at an address, over http or https."""
    from simple_salesforce.api import Salesforce

    session = requests.Session()
    # Certificates and proxies that the environment names are for the world outside.
    session.trust_env = False
    if ca_file is not None:
        session.verify = str(ca_file)
    else:
        session.mount(base_url.replace("http://", "https://", 1), _Plain())
    return Salesforce(session_id=token, instance_url=base_url, session=session, version="68.0")
