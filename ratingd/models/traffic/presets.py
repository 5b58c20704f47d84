"""Presets: the scenarios that models learn from, and those that they are tested on.

TRAIN is what a model learns from; what attackers vary, it varies widely. SHIFTED is another town with other attackers:
each span of it lies apart from that of TRAIN, some on the harder side and some on the easier one, and a model that has
learnt numbers by heart fails. LOW_AND_SLOW is SHIFTED whose masking runs have three or four callers within five
seconds, which a rule of five never sees, and minutes between them. MIMICRY is SHIFTED whose fraudsters do as people do:
they borrow subscribers' numbers, come over the trunks of interconnects, are answered and talk.

A row is a parameter, as it is in TRAIN and in SHIFTED; shares are of 1, times as the name says. What a parameter means
stands where it is used.
"""

from collections.abc import Mapping
from typing import Final

from ratingd.models.traffic.scenario import Scenario
from ratingd.models.traffic.scenario_table import column_of, scenario

TABLE: Final = """
    parameter                              | TRAIN              | SHIFTED
    streets.mobile                         | 0.6..0.7           | 0.75..0.85
    streets.switchboards                   | 0.02..0.04         | 0.05..0.07
    streets.unattested                     | 0.05..0.12         | 0.13..0.17
    streets.vouched_abroad                 | 0.1..0.3           | 0.35..0.5
    streets.wholesale                      | 0.35..0.5          | 0.15..0.3
    people.manner.answered                 | 0.55..0.75         | 0.76..0.82
    people.manner.ring_s                   | 5..10              | 10.5..14
    people.manner.talk_s                   | 70..180            | 190..260
    people.manner.busy                     | 0.15..0.25         | 0.08..0.14
    people.manner.cancelled                | 0.15..0.25         | 0.26..0.34
    people.manner.failed                   | 0.02..0.06         | 0.065..0.1
    people.manner.delay_s                  | 0.8..1.8           | 1.9..2.8
    people.manner.tail                     | 1                  | 1.2
    people.a_day                           | 3..5               | 5.2..7
    people.to_places                       | 0.08..0.14         | 0.15..0.2
    people.to_strangers                    | 0.04..0.08         | 0.09..0.13
    people.abroad                          | 0.01..0.03         | 0.035..0.06
    people.from_abroad                     | 0.01..0.03         | 0.035..0.06
    people.tries_again                     | 0.25..0.4          | 0.1..0.2
    call_centres.manner.answered           | 0.85..0.97         | 0.7..0.84
    call_centres.manner.ring_s             | 2..12              | 13..25
    call_centres.manner.talk_s             | 120..320           | 340..600
    call_centres.manner.busy               | 0.1..0.3           | 0.32..0.4
    call_centres.manner.cancelled          | 0.4..0.7           | 0.2..0.38
    call_centres.manner.failed             | 0..0.04            | 0.05..0.1
    call_centres.manner.delay_s            | 0.6..1.2           | 1.3..2
    call_centres.manner.tail               | 0.9                | 1.1
    call_centres.an_hour                   | 8..30              | 32..60
    call_centres.rushes                    | 1..4               | 5..7
    call_centres.rush_an_hour              | 1500..4500         | 4600..6500
    call_centres.rush_minutes              | 2..6               | 0.8..1.8
    call_centres.strangers                 | 0.25..0.6          | 0.1..0.22
    televotes.manner.answered              | 0.8..0.98          | 0.55..0.78
    televotes.manner.ring_s                | 0.2..0.8           | 1..2
    televotes.manner.talk_s                | 6..14              | 15..25
    televotes.manner.busy                  | 0.6..0.9           | 0.4..0.58
    televotes.manner.cancelled             | 0.02..0.08         | 0.1..0.2
    televotes.manner.failed                | 0..0.02            | 0.03..0.1
    televotes.manner.delay_s               | 0.4..0.8           | 0.9..1.4
    televotes.manner.tail                  | 0.2                | 0.3
    televotes.a_minute                     | 20..200            | 220..500
    televotes.minutes                      | 1.2..3             | 0.5..1.1
    televotes.again                        | 0.1..0.3           | 0.32..0.5
    televotes.strangers                    | 0.25..0.6          | 0.1..0.22
    conferences.manner.answered            | 0.95..1            | 0.88..0.94
    conferences.manner.ring_s              | 0.3..1             | 1.1..2
    conferences.manner.talk_s              | 1200..3000         | 600..1100
    conferences.manner.busy                | 0.2..0.4           | 0.05..0.18
    conferences.manner.cancelled           | 0.2..0.4           | 0.42..0.6
    conferences.manner.failed              | 0..0.1             | 0.12..0.2
    conferences.manner.delay_s             | 0.5..1             | 1.1..1.8
    conferences.manner.tail                | 0.6                | 0.8
    conferences.members                    | 6..24              | 25..45
    conferences.spread_s                   | 25..60             | 65..110
    conferences.strangers                  | 0.3..0.6           | 0.1..0.25
    redials.manner.answered                | 0.06..0.16         | 0.18..0.28
    redials.manner.ring_s                  | 2..6               | 6.5..10
    redials.manner.talk_s                  | 60..160            | 170..300
    redials.manner.busy                    | 0.9..0.97          | 0.8..0.89
    redials.manner.cancelled               | 0.01..0.03         | 0.04..0.08
    redials.manner.failed                  | 0..0.02            | 0.03..0.05
    redials.manner.delay_s                 | 0.4..0.9           | 1..1.6
    redials.manner.tail                    | 0.7                | 0.9
    redials.callers                        | 6..20              | 21..32
    redials.tries                          | 4..9               | 9.5..14
    redials.pause_s                        | 5..14              | 15..25
    redials.strangers                      | 0.05..0.2          | 0.22..0.35
    notifiers.manner.answered              | 0.55..0.75         | 0.76..0.88
    notifiers.manner.ring_s                | 6..12              | 12.5..18
    notifiers.manner.talk_s                | 15..30             | 31..50
    notifiers.manner.busy                  | 0.1..0.2           | 0.03..0.09
    notifiers.manner.cancelled             | 0.05..0.12         | 0.13..0.2
    notifiers.manner.failed                | 0.03..0.08         | 0.085..0.13
    notifiers.manner.delay_s               | 0.6..1.4           | 1.5..2.2
    notifiers.manner.tail                  | 0.5                | 0.7
    notifiers.called                       | 120..500           | 520..900
    notifiers.a_second                     | 0.3..1.5           | 1.6..3
    notifiers.runs                         | 1..3               | 4..5
    notifiers.called_back                  | 0.02..0.06         | 0.07..0.1
    couriers.manner.answered               | 0.6..0.8           | 0.82..0.9
    couriers.manner.ring_s                 | 6..12              | 12.5..18
    couriers.manner.talk_s                 | 15..35             | 37..60
    couriers.manner.busy                   | 0.08..0.16         | 0.02..0.07
    couriers.manner.cancelled              | 0.1..0.2           | 0.22..0.3
    couriers.manner.failed                 | 0.01..0.04         | 0.045..0.08
    couriers.manner.delay_s                | 0.8..1.8           | 1.9..2.6
    couriers.manner.tail                   | 0.7                | 0.9
    couriers.a_day                         | 45..90             | 95..140
    couriers.called_back                   | 0.1..0.25          | 0.27..0.4
    sim_boxes.manner.answered              | 0.4..0.55          | 0.56..0.68
    sim_boxes.manner.ring_s                | 6..12              | 12.5..18
    sim_boxes.manner.talk_s                | 80..200            | 210..320
    sim_boxes.manner.busy                  | 0.12..0.22         | 0.05..0.11
    sim_boxes.manner.cancelled             | 0.12..0.22         | 0.24..0.32
    sim_boxes.manner.failed                | 0.12..0.25         | 0.05..0.11
    sim_boxes.manner.delay_s               | 2.5..5             | 5.2..7
    sim_boxes.manner.tail                  | 1                  | 1.2
    sim_boxes.sims                         | 5..12              | 2..4
    sim_boxes.days                         | 1                  | 2
    sim_boxes.a_day                        | 120..260           | 60..110
    sim_boxes.mimics                       | 0.4..0.5           | 0.2..0.38
    sim_boxes.mimic_a_day                  | 25..45             | 46..60
    sim_boxes.mimic_known                  | 0.15..0.3          | 0.05..0.14
    sim_boxes.mimic_inside                 | 0.02..0.06         | 0..0.015
    ring_once.manner.answered              | 0.02..0.06         | 0.07..0.12
    ring_once.manner.ring_s                | 1.2..3             | 3.1..4.5
    ring_once.manner.talk_s                | 3..10              | 11..20
    ring_once.manner.busy                  | 0.02..0.05         | 0.055..0.09
    ring_once.manner.cancelled             | 0.88..0.94         | 0.8..0.87
    ring_once.manner.failed                | 0.005..0.02        | 0.025..0.05
    ring_once.manner.delay_s               | 1.5..3             | 3.1..5
    ring_once.manner.tail                  | 0.6                | 0.8
    ring_once.back.answered                | 0.85..0.98         | 0.7..0.84
    ring_once.back.ring_s                  | 1..4               | 4.5..8
    ring_once.back.talk_s                  | 40..120            | 130..240
    ring_once.back.busy                    | 0.1..0.2           | 0.02..0.08
    ring_once.back.cancelled               | 0.3..0.5           | 0.1..0.28
    ring_once.back.failed                  | 0.1..0.2           | 0.02..0.09
    ring_once.back.delay_s                 | 2..4               | 4.2..6
    ring_once.back.tail                    | 0.8                | 1
    ring_once.numbers                      | 10..40             | 45..90
    ring_once.called                       | 300..900           | 950..1500
    ring_once.hours                        | 1..3               | 3.2..6
    ring_once.called_back                  | 0.03..0.08         | 0.09..0.14
    ring_once.back_s                       | 200..900           | 950..1800
    revenue_share.manner.answered          | 0.85..0.98         | 0.65..0.83
    revenue_share.manner.ring_s            | 0.5..2             | 2.2..4
    revenue_share.manner.talk_s            | 240..900           | 100..220
    revenue_share.manner.busy              | 0.1..0.3           | 0.32..0.5
    revenue_share.manner.cancelled         | 0.05..0.15         | 0.2..0.3
    revenue_share.manner.failed            | 0.3..0.5           | 0.1..0.18
    revenue_share.manner.delay_s           | 2..4               | 4.2..6
    revenue_share.manner.tail              | 0.5                | 0.8
    revenue_share.ordinary.answered        | 0.6..0.75          | 0.77..0.85
    revenue_share.ordinary.ring_s          | 6..12              | 12.5..16
    revenue_share.ordinary.talk_s          | 90..200            | 210..300
    revenue_share.ordinary.busy            | 0.15..0.25         | 0.05..0.13
    revenue_share.ordinary.cancelled       | 0.1..0.2           | 0.21..0.3
    revenue_share.ordinary.failed          | 0.01..0.04         | 0.05..0.08
    revenue_share.ordinary.delay_s         | 0.8..1.8           | 1.9..2.6
    revenue_share.ordinary.tail            | 0.9                | 1.1
    revenue_share.ordinary_a_day           | 10..30             | 35..60
    revenue_share.numbers                  | 4..12              | 14..24
    revenue_share.stolen                   | 30..90             | 95..160
    revenue_share.hours                    | 1..2.5             | 2.7..5
    robocalls.manner.answered              | 0.25..0.4          | 0.42..0.55
    robocalls.manner.ring_s                | 6..12              | 12.5..16
    robocalls.manner.talk_s                | 5..9               | 9.5..14
    robocalls.manner.busy                  | 0.1..0.2           | 0.03..0.09
    robocalls.manner.cancelled             | 0.05..0.1          | 0.12..0.2
    robocalls.manner.failed                | 0.25..0.4          | 0.1..0.22
    robocalls.manner.delay_s               | 1..2               | 2.2..3.2
    robocalls.manner.tail                  | 0.8                | 1
    robocalls.called                       | 250..700           | 750..1200
    robocalls.a_second                     | 0.5..2             | 2.2..4
    robocalls.in_a_row                     | 0.5..0.8           | 0.82..0.95
    robocalls.neighbours                   | 0.4..0.6           | 0.65..0.8
    robocalls.numbers                      | 1..3               | 4..6
    robocalls.vouched                      | 0.3..0.6           | 0.65..0.9
    masking.manner.answered                | 0.2..0.5           | 0.05..0.18
    masking.manner.ring_s                  | 3..8               | 8.5..12
    masking.manner.talk_s                  | 4..25              | 26..40
    masking.manner.busy                    | 0.2..0.45          | 0.05..0.15
    masking.manner.cancelled               | 0.2..0.4           | 0.42..0.5
    masking.manner.failed                  | 0.03..0.12         | 0.13..0.2
    masking.manner.delay_s                 | 1.2..2.6           | 2.8..4
    masking.manner.tail                    | 0.8                | 1
    masking.callers                        | 3..4 5..8 12..24   | 9..11 25..30
    masking.busy_victims                   | 0.3..0.5           | 0.1..0.25
    masking.spread_s                       | 2.5..4.8           | 1..2.3
    masking.waves                          | 5..24              | 2..4
    masking.pause_s                        | 15..90             | 95..160
    masking.pool                           | 1..3               | 3.2..5
    masking.borrowed                       | 0.1..0.45          | 0..0.08
    masking.foreign                        | 0.1..0.6           | 0..0.08
    masking.mismatched                     | 0.1..0.5           | 0.55..0.75
    masking.vouched                        | 0.2..0.7           | 0.05..0.18
    masking.trunks                         | 2..3               | 1
    masking.interconnect                   | 0.4..0.7           | 0.1..0.35
"""

_LOW: Final[Mapping[str, str]] = {
    "masking.callers": "3..4",
    "masking.waves": "25..40",
    "masking.pause_s": "150..300",
}
_MIMICRY: Final[Mapping[str, str]] = {
    "masking.manner.answered": "0.6..0.75",
    "masking.manner.talk_s": "60..150",
    "masking.manner.busy": "0.15..0.25",
    "masking.manner.cancelled": "0.15..0.25",
    "masking.callers": "3..4 5..8",
    "masking.borrowed": "0.7..0.95",
    "masking.foreign": "0..0.05",
    "masking.mismatched": "0..0.05",
    "masking.vouched": "0.85..0.95",
    "masking.interconnect": "0.85..1",
    "masking.trunks": "3",
    "masking.waves": "5..24",
    "sim_boxes.mimics": "1",
    "sim_boxes.mimic_a_day": "12..22",
    "sim_boxes.mimic_known": "0.4..0.6",
    "sim_boxes.mimic_inside": "0.1..0.2",
}
_SHIFTED: Final = column_of(TABLE, "SHIFTED")

TRAIN: Final = scenario("train", 1, 3, column_of(TABLE, "TRAIN"))
SHIFTED: Final = scenario("shifted", 2, 4, _SHIFTED)
LOW_AND_SLOW: Final = scenario("low_and_slow", 3, 4, {**_SHIFTED, **_LOW})
MIMICRY: Final = scenario("mimicry", 4, 4, {**_SHIFTED, **_MIMICRY})
PRESETS: Final[Mapping[str, Scenario]] = {each.name: each for each in (TRAIN, SHIFTED, LOW_AND_SLOW, MIMICRY)}
