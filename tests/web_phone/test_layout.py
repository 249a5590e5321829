"""What stands around every screen, while a person presses a button and while one has the focus."""

import json
from importlib.resources import files

import pytest

from tests.web_phone.phone import Phone

OPEN = """async (sentences) => {
  const at = (path) => import("/web_phone/ui/" + path);
  const [{Layout}, {Texts}] = await Promise.all(["layout.js", "texts.js"].map(at));
  const layout = new Layout(document.getElementById("page"), () => undefined);
  layout.speak(new Texts("ko", sentences));
  window.clicks = [];
  const button = (name) => {
    const made = document.createElement("button");
    made.textContent = name;
    made.onclick = () => window.clicks.push(name);
    return made;
  };
  window.draw = (title, names, isNew) =>
    layout.show({title, body: [...names.map(button), title]}, isNew);
  window.draw("first", ["one", "two", "two"], true);
}"""


@pytest.fixture
def layout(phone: Phone, origin: str) -> Phone:
    phone.page.goto(origin)
    phone.page.locator("main h1").wait_for()
    sentences = (files("certrelay.texts") / "ko.json").read_text("utf-8")
    phone.page.evaluate(OPEN, json.loads(sentences))
    return phone


def draw(layout: Phone, title: str, names: list[str], *, is_new: bool) -> None:
    layout.page.evaluate("(given) => window.draw(...given)", [title, names, is_new])


def press(layout: Phone, name: str) -> None:
    """Press, and do not release."""
    layout.page.get_by_role("button", name=name).first.hover()
    layout.page.mouse.down()


def test_a_button_that_is_drawn_again_while_it_is_pressed_is_clicked(layout: Phone) -> None:
    press(layout, "one")
    draw(layout, "second", ["one"], is_new=False)
    layout.page.mouse.up()
    layout.page.locator("h1", has_text="second").wait_for()
    assert layout.page.evaluate("window.clicks") == ["one"]


def test_what_the_click_itself_changes_is_seen_at_once(layout: Phone) -> None:
    layout.page.evaluate(
        "() => { document.querySelector('.content button').onclick = () => {"
        " window.draw('second', [], false);"
        " window.seen = document.querySelector('main h1').textContent; }; }"
    )
    press(layout, "one")
    layout.page.mouse.up()
    assert layout.page.evaluate("window.seen") == "second"


def test_what_comes_last_is_drawn_after_the_press(layout: Phone) -> None:
    press(layout, "one")
    draw(layout, "second", [], is_new=False)
    draw(layout, "third", [], is_new=False)
    assert layout.page.locator("main h1").inner_text() == "first"
    layout.page.mouse.up()
    layout.page.locator("h1", has_text="third").wait_for()


def test_a_new_screen_waits_for_no_press_and_takes_no_click(layout: Phone) -> None:
    press(layout, "one")
    draw(layout, "second", [], is_new=False)
    draw(layout, "new", ["one"], is_new=True)
    layout.page.mouse.up()
    layout.page.wait_for_timeout(300)
    assert layout.page.locator("main h1").inner_text() == "new"
    assert layout.page.evaluate("window.clicks") == []


@pytest.mark.parametrize("at", [0, 1, 2])
def test_the_focus_stays_on_the_same_button(layout: Phone, at: int) -> None:
    layout.page.locator(".content button").nth(at).focus()
    draw(layout, "second", ["one", "two", "two"], is_new=False)
    found = (
        "Array.from(document.querySelectorAll('.content button')).indexOf(document.activeElement)"
    )
    assert layout.page.evaluate(found) == at
