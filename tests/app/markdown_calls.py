"""Finds text from outside in calls where Streamlit reads Markdown, by the source of the pages.

Text is known to be the page's own when it is written there, is a number, comes from a constant of the app (a name in
capitals), or went through `app.text`. A function whose result or argument is annotated `Markdown` is looked at like a
call of Streamlit. Everything else must go through `plain`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Calls whose first argument is read as Markdown. `dataframe` and the options of `selectbox` are not.
BODY = _words(
    "title header subheader markdown caption write info error warning success toast button checkbox toggle "
    "radio selectbox multiselect slider select_slider text_input text_area number_input segmented_control "
    "pills popover expander tabs metric form_submit_button download_button link_button page_link spinner "
    "status dialog table badge file_uploader date_input color_picker feedback latex html"
)
#: Their other arguments that are, by keyword; those of columns of a data frame too.
KEYWORDS = _words("help label body text captions delta value_text")
#: Calls that write each option, as `format_func` makes it.
OPTIONS = _words("radio segmented_control pills select_slider")
#: Also the second argument: the value of a metric, the text of a progress bar.
SECOND = frozenset({"metric", "progress"})
#: Arguments of `text_input` and the like that stand in the field as they are.
NUMBERS = _words("len int float round min max abs sum bool")
#: Functions and methods whose result is the page's own: numbers with their units, links to commands.
OWN_CALLS = _words("plain code printed number_text plain_number")
OWN_METHODS = frozenset({("context", "text"), ("now", "text"), ("cost", "text")})
STRING_METHODS = _words("lower upper capitalize replace strip rstrip lstrip removeprefix removesuffix join")
#: Attributes that are numbers, words of the program itself, or Markdown (`Context.whose`).
OWN_ATTRIBUTES = _words(
    "whose id n n_labels round_number number attempt max_attempts seeds n_test n_random in_basket digits ground"
)
#: Units are a table of the program.
UNIT = frozenset(
    {"unit.label", "context.unit.label", "now.unit.label", "unit.key", "context.unit.key", "self.context.unit.label"}
)


class Module:
    """A module of the app, the functions of all modules that give Markdown, and those that take it."""

    def __init__(self, path: Path, gives: set[str], takes: dict[str, set[str | int]]) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.gives, self.takes = gives, takes
        self._looked_at: set[ast.expr] = set()
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def faults(self) -> Iterator[str]:
        """Where text of unknown origin is read as Markdown, one line each."""
        for node in ast.walk(self.tree):
            wanted = list(self._read(node)) if isinstance(node, ast.Call) else []
            function = self._function(node)
            if function is not None and _is_markdown(function.returns):
                if isinstance(node, ast.Return) and node.value is not None:
                    wanted = [node.value]
                elif isinstance(node, ast.Call) and _called(node) == "append":
                    wanted = node.args
            for value in wanted:
                if not self.own(value):
                    yield f"{self.path.name}:{value.lineno}: {ast.unparse(value)}"

    def _read(self, call: ast.Call) -> Iterator[ast.expr]:
        """The arguments of a call that are read as Markdown."""
        name = _called(call)
        if name in BODY and isinstance(call.func, ast.Attribute):
            receiver = ast.unparse(call.func.value)
            if receiver not in ("page", "cached", "context", "self", "maps"):
                yield from call.args[:1]
                yield from (k.value for k in call.keywords if k.arg in KEYWORDS)
                if name in OPTIONS:
                    made = [k.value for k in call.keywords if k.arg == "format_func"]
                    yield from made or call.args[1:2]
        if name in SECOND and isinstance(call.func, ast.Attribute):
            yield from call.args[1:2]
            yield from (k.value for k in call.keywords if k.arg in KEYWORDS | {"value"})
        if name.endswith("Column"):
            yield from (k.value for k in call.keywords if k.arg == "help")
        taken = self.takes.get(name, set())
        yield from (value for place, value in enumerate(call.args) if place in taken)
        yield from (k.value for k in call.keywords if k.arg in taken)

    def _function(self, node: ast.AST) -> ast.FunctionDef | None:
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, ast.FunctionDef):
                return node
        return None

    def own(self, value: ast.expr) -> bool:
        """Whether a text is the page's own."""
        match value:
            case ast.Constant() | ast.Compare():
                return True
            case ast.JoinedStr():
                return all(map(self.own, value.values))
            case ast.FormattedValue():
                return _is_number_format(value.format_spec) or self.own(value.value)
            case ast.BinOp():
                return not isinstance(value.op, ast.Add | ast.Mod) or (self.own(value.left) and self.own(value.right))
            case ast.BoolOp() | ast.List() | ast.Tuple() | ast.Set():
                parts = value.values if isinstance(value, ast.BoolOp) else value.elts
                return all(map(self.own, parts))
            case ast.Dict():
                return all(map(self.own, [*filter(None, value.keys), *value.values]))
            case ast.IfExp():
                return self.own(value.body) and self.own(value.orelse)
            case ast.Starred() | ast.Subscript() | ast.NamedExpr():
                return self.own(value.value)
            case ast.GeneratorExp() | ast.ListComp():
                return self.own(value.elt)
            case ast.DictComp():
                return self.own(value.value)
            case ast.Lambda():
                return self.own(value.body)
            case ast.Attribute():
                whole = ast.unparse(value)
                return whole in UNIT or value.attr in OWN_ATTRIBUTES or value.attr.isupper() or self.own(value.value)
            case ast.Call():
                return self._own_call(value)
            case ast.Name():
                return value.id.isupper() or value.id in OWN_CALLS | self.gives or self._own_name(value)
        return False

    def _own_call(self, call: ast.Call) -> bool:
        name = _called(call)
        if name in OWN_CALLS | NUMBERS | self.gives:
            return True
        if not isinstance(call.func, ast.Attribute):
            return name in ("list", "str", "sorted", "zip", "enumerate", "range", "next", "iter") and all(
                map(self.own, call.args)
            )
        receiver = call.func.value
        if (ast.unparse(receiver), name) in OWN_METHODS:
            return True
        if name in STRING_METHODS:
            return self.own(receiver) and all(map(self.own, call.args))
        return name in ("items", "values", "keys", "get", "__getitem__") and self.own(receiver)

    def _own_name(self, name: ast.Name) -> bool:
        """Whether all that a name stands for where it is used is the page's own."""
        scope: ast.AST = name
        while scope in self.parents:
            scope = self.parents[scope]
            found = list(_bindings(scope, name.id))
            if found:
                new = [each for each in found if each not in self._looked_at]  # a name may be made from itself
                self._looked_at.update(new)
                answer = all(map(self.own, new))
                self._looked_at.difference_update(new)
                return answer
            if isinstance(scope, ast.FunctionDef):
                for argument in [*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs]:
                    if argument.arg == name.id:
                        return _is_markdown(argument.annotation) or _is_number(argument.annotation)
        return False


def _bindings(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """What a name is bound to in a function, a comprehension or a module, apart from inner functions."""
    if isinstance(scope, ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp):
        for loop in scope.generators:
            if name in _names(loop.target):
                yield _item(loop.target, loop.iter, name)
        return
    if not isinstance(scope, ast.FunctionDef | ast.Module):
        return
    todo: list[ast.AST] = list(scope.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if name in _names(target):
                    yield _item(target, node.value, name, loop=False)
        elif (
            isinstance(node, ast.AugAssign | ast.AnnAssign | ast.NamedExpr)
            and name in _names(node.target)
            and node.value
        ):
            yield node.value
        elif isinstance(node, ast.For) and name in _names(node.target):
            yield _item(node.target, node.iter, name)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None and name in _names(node.optional_vars):
            yield node.context_expr
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            todo += ast.iter_child_nodes(node)


def _item(target: ast.expr, source: ast.expr, name: str, *, loop: bool = True) -> ast.expr:
    """The part of what is unpacked that a name gets, or all of it where that cannot be told."""
    if isinstance(target, ast.Tuple):
        place = next(k for k, part in enumerate(target.elts) if name in _names(part))
        parts: list[ast.expr] | None = None
        if loop and isinstance(source, ast.Call) and _called(source) == "zip":
            parts = list(source.args)
        elif loop and isinstance(source, ast.Call) and _called(source) == "enumerate":
            parts = [ast.copy_location(ast.Constant(0), source), *source.args[:1]]
        elif not loop and isinstance(source, ast.Tuple):
            parts = source.elts
        elif loop and isinstance(source, ast.Tuple | ast.List) and all(isinstance(e, ast.Tuple) for e in source.elts):
            rows = [each.elts[place] for each in source.elts if isinstance(each, ast.Tuple)]
            return ast.copy_location(ast.List(rows, ast.Load()), source)
        if parts is not None and len(parts) == len(target.elts):
            part = target.elts[place]
            return _item(part, parts[place], name, loop=loop) if isinstance(part, ast.Tuple) else parts[place]
    return source


def _names(target: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_markdown(annotation: ast.expr | None) -> bool:
    return annotation is not None and "Markdown" in {n.id for n in ast.walk(annotation) if isinstance(n, ast.Name)}


def _is_number(annotation: ast.expr | None) -> bool:
    return annotation is not None and ast.unparse(annotation) in ("int", "float", "bool", "int | None")


def _is_number_format(spec: ast.expr | None) -> bool:
    """Whether a format makes anything but a number an error."""
    parts = spec.values if isinstance(spec, ast.JoinedStr) else []
    last = parts[-1] if parts else None
    return isinstance(last, ast.Constant) and str(last.value)[-1:] in set("dfgeE%,")


def faults(paths: list[Path]) -> list[str]:
    """All of them, in the modules of the app."""
    gives: set[str] = set()
    takes: dict[str, set[str | int]] = {}
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                if _is_markdown(node.returns) or _is_number(node.returns):
                    gives.add(node.name)
                for place, argument in enumerate([*node.args.posonlyargs, *node.args.args]):
                    if _is_markdown(argument.annotation):
                        takes.setdefault(node.name, set()).update({place, argument.arg})
                named = [argument.arg for argument in node.args.kwonlyargs if _is_markdown(argument.annotation)]
                takes.setdefault(node.name, set()).update(named)
    return [fault for path in paths for fault in Module(path, gives, takes).faults()]
