"""
Hands on the windows of other people's programs, by what these tell of themselves to whoever cannot see them (AT-SPI). It is
asked in lines of JSON and answers each with one: {"value": ...}, or {"fault": why, "shown": what there was in its place}.

A thing is named by its role and its name, or by the label that stands beside it, and may be looked for inside of another one.
"""

import json
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

MOST_CHILDREN = 400
LIMIT_S = 30
PAUSE_S = 0.1


class Fault(Exception):
    pass


def children(node):
    for index in range(min(node.get_child_count(), MOST_CHILDREN)):
        child = node.get_child_at_index(index)
        if child is not None:
            yield child


def walk(node, depth=0):
    """It, and all in it, from the top; what has gone meanwhile is left out."""
    try:
        yield node, depth
        for child in children(node):
            yield from walk(child, depth + 1)
    except GLib.Error:
        return


def is_shown(node):
    return node.get_state_set().contains(Atspi.StateType.SHOWING)


def is_usable(node):
    return node.get_state_set().contains(Atspi.StateType.SENSITIVE)


def names(node):
    yield node.get_name()
    for relation in node.get_relation_set():
        if relation.get_relation_type() == Atspi.RelationType.LABELLED_BY:
            for index in range(relation.get_n_targets()):
                yield relation.get_target(index).get_name()


def text_of(node):
    if "Text" not in node.get_interfaces():
        return node.get_name()
    return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))


def everything():
    for program in children(Atspi.get_desktop(0)):
        yield from walk(program)


def look(role, name, place=None):
    """The first that is shown; None: there is none."""
    for node, depth in everything() if place is None else walk(place):
        try:
            if depth > 0 and node.get_role_name() == role and is_shown(node) and name in names(node):
                return node
        except GLib.Error:
            continue
    return None


def find(role, name, where=()):
    """Inside of all that `where` names, each a pair of role and name."""
    place = None
    for one in [*where, (role, name)]:
        place = look(*one, place)
        if place is None:
            raise Fault(f"there is no {one[0]} called {one[1]!r}")
    return place


def do(node):
    if not is_usable(node):
        raise Fault(f"the {node.get_role_name()} {node.get_name()!r} is not to be used now")
    try:
        Atspi.Action.do_action(node, 0)
    except GLib.Error:
        # What opens a window of its own may answer only when that is closed; it was pressed all the same.
        pass


def press(asked):
    do(find(asked["role"], asked["name"], asked.get("in", ())))


def select(asked):
    """A row of a table, by the text of one of its cells."""
    table = find("table", asked["table"], asked.get("in", ()))
    for index, row in enumerate(children(table)):
        if any(text_of(cell) == asked["row"] for cell, _ in walk(row)):
            Atspi.Table.add_row_selection(table, Atspi.Table.get_row_at_index(table, index))
            return
    raise Fault(f"{asked['table']!r} has no row {asked['row']!r}")


def tick(asked):
    """The box in front of a row of a table, which takes no word for it: it is clicked."""
    table = find("table", asked["table"], asked.get("in", ()))
    box = None
    for cell in children(table):
        if any(text_of(node) == asked["row"] for node, _ in walk(cell)):
            if box is None:
                raise Fault(f"the row {asked['row']!r} has no box")
            area = Atspi.Component.get_extents(box, Atspi.CoordType.SCREEN)
            Atspi.generate_mouse_event(area.x + area.width // 2, area.y + area.height // 2, "b1c")
            return
        box = cell
    raise Fault(f"{asked['table']!r} has no row {asked['row']!r}")


def write(asked):
    Atspi.EditableText.set_text_contents(find("text", asked["name"], asked.get("in", ())), asked["text"])


def set_number(asked):
    Atspi.Value.set_current_value(find("spin button", asked["name"], asked.get("in", ())), asked["number"])


def pick(asked):
    """One of what a combo box offers, which it shows only when it is open."""
    box = find("combo box", asked["name"], asked.get("in", ()))
    items = [node for node, _ in walk(box) if node.get_role_name() == "menu item"]
    for item in items:
        if item.get_name() == asked["item"]:
            do(item)
            return
    raise Fault(f"{asked['name']!r} offers {[item.get_name() for item in items]}")


def await_gone(asked):
    if look(asked["role"], asked["name"]) is not None:
        raise Fault(f"the {asked['role']} {asked['name']!r} is still there")


def list_names(asked):
    """Of all that have the role and are shown."""
    return [node.get_name() for node, _ in everything() if node.get_role_name() == asked["role"] and is_shown(node)]


def show(_asked=None):
    """What there is to be seen, indented, for whoever looks for what is wrong."""
    lines = []
    for node, depth in everything():
        try:
            told = "|".join([*names(node), text_of(node)]).strip("|")
            if depth == 0 or (is_shown(node) and told != ""):
                lines.append(f"{'  ' * depth}{node.get_role_name()} {told!r}")
        except GLib.Error:
            continue
    return "\n".join(lines)


VERBS = {
    "press": press,
    "select": select,
    "tick": tick,
    "write": write,
    "set": set_number,
    "pick": pick,
    "await-gone": await_gone,
    "list": list_names,
    "show": show,
}


def answer(asked):
    """Tries until it can be done: windows come when they come."""
    until = time.monotonic() + LIMIT_S
    while True:
        try:
            return {"value": VERBS[asked["do"]](asked)}
        except (Fault, GLib.Error) as fault:
            if time.monotonic() > until:
                return {"fault": str(fault), "shown": show()}
        time.sleep(PAUSE_S)


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
