"""What a page shows, as lines of text: words, choices, tables, and what its figures draw in few numbers.

Left out is what says nothing to a person: keys, colours, sizes and scripts.
"""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from streamlit.testing.v1 import AppTest

#: Rows of a table that are kept whole; of longer ones these many from the top, two from the bottom, and the means.
MOST_ROWS = 24
#: Numbers of a figure that are kept one by one; more give their count, mean and range.
MOST_NUMBERS = 6
UNSAID = {"id", "icon", "type", "style", "wrap", "tag", "element_type", "label_visibility", "query_param_key", "file"}
UNSAID |= {"icon_position", "form_id", "direction", "color", "click_mode", "border_mode", "deferred_file_id", "config"}
UNSAID |= {"ignore_rerun", "is_form_submitter", "set_value", "raw_values", "has_min", "data_type", "accept_new_options"}
UNSAID |= {"required", "selection_mode", "placeholder_enabled", "query_params_key", "upload_url", "multiple_files"}
#: Names in the messages to our own components, and in Plotly's figures, that are not for people.
LOOKS = {"name", "key", "points_key", "colours_key", "scale", "colour", "accent", "mark_colour", "proposal_colour"}
LOOKS |= {"height", "room", "shape", "group", "sources", "camera", "others_colour", "probe_colour", "file", "figures"}
LOOKS |= {"width", "dash", "modes", "colours", "palette", "course"}
DRAWN = ("type", "name", "x", "y", "z", "value", "error_y", "error_x", "text", "customdata", "hovertemplate", "i", "j")
#: How the numbers of our own plots are packed, by name.
PACKED = {"ids": "<i4", "count": "<i4", "flags": "u1", "level": "u1"}
PACKED |= dict.fromkeys(("x", "y", "values", "mean", "error", "low", "high", "wall", "packed"), "<f4")
BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
#: Components that show nothing of a campaign.
SILENT = {"nci_back", "nci_notify", "nci_copy_link", "nci_theme_watch", "nci_picture"}


def page_lines(at: AppTest, *, sidebar: bool) -> list[str]:
    """The page from top to bottom, and then the sidebar if asked for."""
    return [*_block(at.main), *(["== sidebar", *_block(at.sidebar)] if sidebar else [])]


def _block(block: Any) -> Iterator[str]:
    for node in block.children.values():
        if hasattr(node, "children"):
            if node.type in ("popover", "expandable", "expander", "tab"):
                yield f"{node.type} | {getattr(node.proto, node.type, node.proto).label}"
            yield from _block(node)
        else:
            yield from _element(node)


def _element(node: Any) -> Iterator[str]:
    if node.type in ("dataframe", "table"):
        yield from _table(node)
    elif node.type == "plotly_chart":
        yield from _figure(json.loads(node.proto.spec))
    elif node.type == "bidi_component":
        if node.proto.component_name not in SILENT and node.proto.json:
            yield f"component | {node.proto.component_name}"
            yield from _drawn(json.loads(node.proto.json), "  ")
    elif node.type == "imgs":
        yield "image"
    else:
        said = " | ".join(_said(node.proto))
        yield from f"{node.type} | {said}".replace("\n", "\n    ").split("\n")


def _said(proto: Any) -> Iterator[str]:
    for field, value in proto.ListFields():
        if field.name in UNSAID or field.name.endswith("_config"):
            continue
        values = value if field.is_repeated else [value]
        if field.message_type is not None:
            yield from (" ".join(_said(each)) for each in values)
        elif field.type == field.TYPE_BOOL:
            yield from (field.name for each in values if each)
        elif field.cpp_type == field.CPPTYPE_STRING:
            name = "" if field.name in ("body", "label", "content") else f"{field.name}: "
            yield name + " / ".join(str(each) for each in values)
        else:
            yield f"{field.name}: {', '.join(_number(each) for each in values)}"


def _number(value: float) -> str:
    return f"{value:.5g}" if abs(value) > 1e-9 else "0"


def _table(node: Any) -> Iterator[str]:
    styled = node.proto.arrow_data.styler.display_values
    table = _read(styled) if styled else node.value
    yield f"{node.type} | {len(table)} rows: " + " | ".join(str(name) for name in node.value.columns)
    helps = json.loads(getattr(node.proto, "columns", "") or "{}")
    yield from (f"  ? {name}: {each['help']}" for name, each in helps.items() if each and each.get("help"))
    shown = table if len(table) <= MOST_ROWS else pd.concat([table.head(MOST_ROWS - 2), table.tail(2)])
    for index, row in zip(shown.index, shown.itertuples(index=False), strict=True):
        yield f"  {index} | " + " | ".join(_cell(value) for value in row)
    if len(table) > MOST_ROWS:
        numbers = node.value.select_dtypes("number").astype(float).mean()
        yield "  mean | " + " | ".join(_cell(value) for value in numbers)


def _read(data: bytes) -> pd.DataFrame:
    return pa.ipc.open_stream(data).read_all().to_pandas()


def _cell(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return "—"
    return _number(value) if isinstance(value, float | np.floating) else str(value)


def _figure(spec: dict[str, Any]) -> Iterator[str]:
    yield "figure"
    layout = spec["layout"]
    for name in sorted(layout):
        if re.fullmatch(r"title|[xy]axis\d*|coloraxis|scene\d*|annotations", name):
            yield from (f"  {name}: {words}" for words in _titles(layout[name]))
    for trace in spec["data"]:
        shown = {name: trace[name] for name in DRAWN if name in trace}
        colours = (trace.get("marker") or {}).get("color")
        bar = trace.get("colorbar") or (trace.get("marker") or {}).get("colorbar") or {}
        yield from _drawn(shown | {"bar": list(_titles(bar)), "colours of points": _array(colours)}, "  ")


def _titles(part: Any) -> Iterator[str]:
    """Texts of titles, ticks and annotations anywhere in a part of a layout."""
    if isinstance(part, list):
        for each in part:
            yield from _titles(each)
    elif isinstance(part, dict):
        for name, value in part.items():
            if name in ("text", "ticktext", "range"):
                yield str(value) if not isinstance(value, list) else ", ".join(_plain(each) for each in value)
            else:
                yield from _titles(value)


def _plain(value: Any) -> str:
    return _number(value) if isinstance(value, float | int) else str(value)


def _array(value: Any) -> Any:
    """Plotly's packed arrays as lists; anything but numbers and words as it is."""
    if isinstance(value, dict) and "bdata" in value:
        return np.frombuffer(base64.b64decode(value["bdata"]), np.dtype(value["dtype"])).astype(float).tolist()
    return value if isinstance(value, list) else None


def _drawn(message: Any, indent: str, name: str = "") -> Iterator[str]:
    if isinstance(message, dict) and "bdata" in message:
        message = _array(message)
    if isinstance(message, str) and name in PACKED and BASE64.fullmatch(message) and len(message) % 4 == 0:
        message = np.frombuffer(base64.b64decode(message), PACKED[name]).astype(float).tolist()
    if isinstance(message, dict):
        for key, value in message.items():
            if key not in LOOKS and value not in (None, "", [], {}, False):
                yield from _drawn(value, indent, key)
    elif isinstance(message, list) and message and all(isinstance(each, float | int) for each in message):
        yield f"{indent}{name}: {_numbers(np.array(message, dtype=float))}"
    elif isinstance(message, list):
        for each in message[:MOST_NUMBERS]:
            yield from _drawn(each, indent + " ", name)
        if len(message) > MOST_NUMBERS:
            yield f"{indent}{name}: {len(message)} of them"
    elif message is not None:
        words = _number(message) if isinstance(message, float) else str(message)
        yield from (f"{indent}{name}: {line}" for line in words.splitlines())


def _numbers(values: np.ndarray) -> str:
    if len(values) <= MOST_NUMBERS:
        return ", ".join(_number(value) for value in values)
    known = values[np.isfinite(values)]
    if not len(known):
        return f"{len(values)}, none of them known"
    parts = ", ".join(_number(value) for value in (known.mean(), known.min(), known.max()))
    return f"{len(values)}, {len(known)} of them known; mean and range {parts}"
