"""What models are asked of callers, and how long others wait for it."""

from ratingd.fraud.caller_models import CallerModels, withheld
from tests.caller_scene import A, Said, Scene, scorer
from triggers.scores.caller_features import caller_row
from triggers.scores.satark_features import satark_row


def models(scene: Scene) -> CallerModels:
    return CallerModels(scene.watch, scene.lock, scene.scorers, lambda name, row: (), lambda caller: False)


def test_others_may_come_in_between_the_windows_of_a_row() -> None:
    scene, held = Scene(), list[bool]()
    scene.model(0.5)
    scene.call(times=5)
    at_ms = scene.now_ms
    answer = models(scene).answer(A, at_ms, lambda: held.append(scene.lock.locked()))
    assert answer is not None
    assert (held, answer.row) == ([False] * 3, caller_row(scene.watch.traffic, A, at_ms))
    assert (answer.method, answer.risk) == ("caller 1", 50)


def test_a_caller_is_looked_at_as_of_his_last_call_where_the_question_is_older() -> None:
    scene = Scene()
    scene.model(0.5, name="isolation")
    scene.call(times=5)
    answer = models(scene).answer(A, scene.now_ms - 3_000)
    assert answer is not None
    assert answer.row == satark_row(scene.watch.traffic, A, scene.now_ms - 1_000)


def test_a_shadow_of_a_model_that_goes_first_keeps_the_active_one_from_nothing() -> None:
    scene = Scene()
    scene.scorers.put("caller", None, scorer(Said(0.9)))
    scene.model(0.25, name="isolation", version=2)
    scene.call(times=5)
    answer = models(scene).answer(A, scene.now_ms)
    assert answer is not None
    assert (answer.method, answer.risk) == ("isolation 2", 25)


def test_nobody_reads_a_pseudonym_as_a_number() -> None:
    scene, asked = Scene(), list[str]()

    def spared(caller: str) -> bool:
        asked.append(caller)
        return False

    asking = CallerModels(scene.watch, scene.lock, scene.scorers, lambda name, row: (), spared)
    for caller in ("h:abcdefghijklmnopqrstuvwx", A):
        asking.answer(caller, scene.now_ms)
    assert asked == [A]


def test_withheld_numbers_are_told_from_others() -> None:
    assert [withheld(caller) for caller in ("anonymous", "anonymous:10.0.0.1", "+4930", "raw:anonymous", "")] == [
        True, True, False, False, False,
    ]  # fmt: skip
