"""Many visitors without browsers: sessions that speak the dashboard's websocket protocol.

Ten browsers on two cores would measure themselves. A session here sends what a browser sends (open a
page, pick points) and takes the time until the server has sent the whole new page; drawing is left out.
"""

import asyncio
import json
import random
import time
from dataclasses import dataclass, field

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

#: Seconds between two actions of one visitor, on average; people look before they act again.
THINK_SECONDS = 3.0
#: The page at the root of the address, and the one that points are picked on.
ROOT, FIRST = "overview", "explore"


@dataclass
class Visitor:
    """One session: the pages it knows, the plots on the present page, and what each action took.

    Attributes:
        pages: url path → hash of the page.
        plots: names of pickable plots on the present page → id of their component.
        times: (what, milliseconds) of each action.
        errors: actions that ended with an exception on the page.
    """

    socket: websockets.ClientConnection
    campaign: str
    pages: dict[str, str] = field(default_factory=dict)
    plots: dict[str, str] = field(default_factory=dict)
    times: list[tuple[str, float]] = field(default_factory=list)
    errors: int = 0

    async def ask(self, page: str, trigger: WidgetState | None = None) -> float:
        """Run a page, perhaps with the event of a plot; milliseconds until all of it has come."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string = f"campaign={self.campaign}&tour=off"
        state.page_script_hash = self.pages.get(page, "")
        if trigger is not None:
            state.widget_states.widgets.append(trigger)
        start = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await asyncio.wait_for(self.socket.recv(decode=False), timeout=60))
            kind = answer.WhichOneof("type")
            if kind == "navigation":
                shown = [p for p in answer.navigation.app_pages if not p.is_hidden]
                self.pages = {ROOT if p.is_default else p.url_pathname: p.page_script_hash for p in shown}
            elif kind == "delta":
                self._note(answer)
            elif kind == "script_finished" and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return 1000.0 * (time.perf_counter() - start)

    def _note(self, answer: ForwardMsg) -> None:
        element = answer.delta.new_element
        kind = element.WhichOneof("type")
        self.errors += kind == "exception"
        if kind == "bidi_component":
            name = json.loads(element.bidi_component.mixed.json or element.bidi_component.json or "{}").get("name", "")
            if "-map-" in name:
                self.plots[name] = element.bidi_component.id

    async def pick(self, ids: list[int]) -> float:
        """Pick on the Explore page's map."""
        component = next(number for name, number in self.plots.items() if name.startswith("explore-map"))
        value = {"ids": ids, "mode": "replace", "at": time.time()}
        trigger = WidgetState(
            id=f"{component}__events", json_trigger_value=json.dumps([{"event": "picked", "value": value}])
        )
        return await self.ask(FIRST, trigger)


async def _visit(address: str, campaign: str, seed: int, n_actions: int, n_points: int) -> Visitor:
    choose = random.Random(seed)
    async with websockets.connect(address, subprotocols=["streamlit"], max_size=None) as socket:  # type: ignore[list-item]
        visitor = Visitor(socket, campaign)
        await asyncio.sleep(choose.uniform(0, THINK_SECONDS))
        await visitor.ask(FIRST)
        for _ in range(n_actions):
            await asyncio.sleep(choose.expovariate(1 / THINK_SECONDS))
            if choose.random() < 0.5:
                if not any(name.startswith("explore-map") for name in visitor.plots):
                    await visitor.ask(FIRST)
                first = choose.randrange(1, n_points // 2)
                visitor.times.append(("pick", await visitor.pick(list(range(first, first + n_points // 5)))))
            else:
                page = choose.choice(list(visitor.pages))
                visitor.plots = {}
                visitor.times.append(("page", await visitor.ask(page)))
        return visitor


def visit(port: int, campaign: str, *, sessions: int = 10, actions: int = 8, n_points: int = 5000) -> list[Visitor]:
    """`sessions` visitors at the same time, each with `actions` actions; every pick selects a fifth of the points."""

    async def all_of_them() -> list[Visitor]:
        address = f"ws://127.0.0.1:{port}/_stcore/stream"
        return await asyncio.gather(*(_visit(address, campaign, k, actions, n_points) for k in range(sessions)))

    return asyncio.run(all_of_them())
