"""Who may come in: everybody who reaches the port, or with NCI_LOGIN=1 those an OpenID Connect provider knows."""

import os

import streamlit as st

from nci_core.errors import InputError
from nci_core.switches import is_on

DOCUMENT = "docs/sharing.md"


def _allowed(address: str) -> bool:
    """Whether NCI_LOGIN_ALLOW, a list of addresses or @domains, lets this address in; empty lets everybody."""
    wanted = [part.strip().lower() for part in os.environ.get("NCI_LOGIN_ALLOW", "").split(",") if part.strip()]
    address = address.lower()
    return not wanted or any(address == one or (one.startswith("@") and address.endswith(one)) for one in wanted)


def let_in() -> bool:
    """Whether this visitor may see the pages; else what they see instead has been drawn.

    Raises InputError, one sentence, when sign-in is asked for and not set up.
    """
    if not is_on("NCI_LOGIN"):
        return True
    try:
        known = bool(st.user.is_logged_in)
    except AttributeError as error:
        raise InputError(
            f"NCI_LOGIN is set, but there is no [auth] section in ~/.streamlit/secrets.toml; {DOCUMENT} shows one."
        ) from error
    if not known:
        st.title("nci")
        st.markdown("Potentials for weak interactions. Sign in to see this installation's campaigns.")
        st.button("Sign in", type="primary", icon=":material/login:", key="sign_in", on_click=st.login)
        return False
    address, verified = str(st.user.get("email") or ""), st.user.get("email_verified", True)
    if not address or verified is False or not _allowed(address):
        st.error(f"{address or 'This account'} may not use this installation; ask whoever runs it.")
        st.button("Sign out", key="sign_out", on_click=st.logout)
        return False
    st.session_state["signed_in_as"] = str(st.user.get("name") or address)
    with st.sidebar:
        st.button(f"Sign out {address}", icon=":material/logout:", type="tertiary", key="sign_out", on_click=st.logout)
    return True
