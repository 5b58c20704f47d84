from tests.table import table
from triggers.traffic.counted_call import FROM_CDR, LOST, CountedCall


@table("""
    ring | answer | end  | at     | answered | over | talk | until  | delay
    0    | 0      | 0    | 2000   | no       | no   | -1   | 2001   | -1
    0    | 0      | 0    | 200000 | no       | no   | -1   | 181000 | -1     # nobody rings for more than three minutes
    1500 | 0      | 0    | 1400   | no       | no   | -1   | 1401   | -1     # it has not rung yet
    1500 | 3000   | 9000 | 1500   | no       | no   | -1   | 1501   | 500
    1500 | 3000   | 9000 | 3000   | yes      | no   | -1   | 3001   | 500
    0    | 3000   | 9000 | 8999   | yes      | no   | -1   | 9000   | 2000
    0    | 3000   | 9000 | 9000   | yes      | yes  | 6000 | 9000   | 2000
    0    | 0      | 9000 | 9000   | no       | yes  | -1   | 9000   | -1
""")
def test_what_is_known_of_a_call_at_an_instant(
    ring: str, answer: str, end: str, at: str, answered: str, over: str, talk: str, until: str, delay: str
) -> None:
    call, at_ms = CountedCall(1_000, "+1", "+2", "", "", "", 0, None), int(at)
    call.ring_ms, call.answer_ms, call.end_ms = int(ring), int(answer), int(end)
    assert (call.answered(at_ms), call.over(at_ms)) == (answered == "yes", over == "yes")
    assert (call.talk_ms(at_ms), call.until_ms(at_ms), call.delay_ms(at_ms)) == (int(talk), int(until), int(delay))


def test_a_lost_call_goes_on_no_longer() -> None:
    call = CountedCall(1_000, "+1", "+2", "", "", "", 0, None)
    call.answer_ms = 2_000
    assert call.until_ms(900_000) == 900_001
    call.outcome = LOST
    assert call.until_ms(900_000) == 181_000


def test_a_cdr_whose_answer_is_its_start_says_nothing_of_ringing() -> None:
    call = CountedCall(1_000, "+1", "+2", "", "", "", FROM_CDR, None)
    call.answer_ms = 1_000
    assert (call.set_up_known(), call.delay_ms(5_000)) == (False, -1)
    call.answer_ms = 1_400
    assert (call.set_up_known(), call.delay_ms(5_000)) == (True, 400)
