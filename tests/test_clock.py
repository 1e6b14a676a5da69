from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import clock
from retrieval.errors import SourceRefused, UsageError

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2014, 8, 26, 17, 49, tzinfo=LONDON), "5.49pm BST, Tuesday 26 August 2014"),
        (datetime(2031, 2, 3, 0, 7, tzinfo=LONDON), "12.07am GMT, Monday 3 February 2031"),
        (datetime(2031, 2, 3, 12, 0, tzinfo=LONDON), "12.00pm GMT, Monday 3 February 2031"),
        (datetime(2031, 6, 1, 9, 5, tzinfo=ZoneInfo("Asia/Dubai")), "9.05am UTC+04, Sunday 1 June 2031"),
        (datetime(2031, 6, 1, 9, 5, tzinfo=ZoneInfo("Asia/Kathmandu")), "9.05am UTC+05:45, Sunday 1 June 2031"),
        (datetime(2031, 6, 1, 9, 5, tzinfo=timezone(timedelta(hours=1))), "9.05am UTC+01, Sunday 1 June 2031"),
        (datetime(2031, 6, 1, 9, 5, tzinfo=timezone(-timedelta(hours=3.5))), "9.05am UTC-03:30, Sunday 1 June 2031"),
        (datetime(2031, 6, 1, 9, 5, tzinfo=UTC), "9.05am UTC, Sunday 1 June 2031"),
    ],
)
def test_a_label_is_absolute_and_has_its_zone(moment: datetime, expected: str) -> None:
    assert clock.label(moment) == expected


@pytest.mark.parametrize(
    ("offset", "name"),
    [(0, "UTC"), (60, "UTC+01:00"), (-210, "UTC-03:30"), (345, "UTC+05:45"), (1439, "UTC+23:59")],
)
def test_a_fixed_offset_has_a_name_that_leads_back_to_it(offset: int, name: str) -> None:
    assert clock.fixed_zone_name(timedelta(minutes=offset)) == name
    assert clock.zone(name).utcoffset(datetime(2031, 1, 1)) == timedelta(minutes=offset)  # noqa: DTZ001


@pytest.mark.parametrize(
    "name", ["", "Europe/Lodnon", "Europe", "../etc/passwd", "BST", "UTC+24:00", "UTC+01:60", "\0"]
)
def test_an_unknown_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(UsageError, match="unknown time zone") as caught:
        clock.zone(name)
    assert repr(name) in caught.value.message
    assert "Europe/London" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "default", "expected"),
    [
        ("2014-08-26T17:00", LONDON, "2014-08-26T17:00:00+01:00"),
        (" 2014-12-26T17:00 ", LONDON, "2014-12-26T17:00:00+00:00"),
        ("2014-08-26", LONDON, "2014-08-26T00:00:00+01:00"),
        ("2014-08-26T17:00-05:00", LONDON, "2014-08-26T17:00:00-05:00"),
        ("2014-08-26T17:00Z", None, "2014-08-26T17:00:00+00:00"),
    ],
)
def test_a_moment_of_the_command_line(text: str, default: ZoneInfo | None, expected: str) -> None:
    assert clock.parse_moment(text, default, "--since").isoformat() == expected


@pytest.mark.parametrize("text", ["", "yesterday", "5.49pm", "2014-13-01", "2014-08-26T25:00", "26/08/2014"])
def test_what_is_no_moment_is_refused_with_the_option(text: str) -> None:
    with pytest.raises(UsageError, match=r"--since: .* is no ISO 8601 time"):
        clock.parse_moment(text, LONDON, "--since")


def test_a_moment_without_offset_needs_one_zone() -> None:
    with pytest.raises(UsageError, match="has no offset, and the blogs asked have several"):
        clock.parse_moment("2014-08-26T17:00", None, "--until")


@pytest.mark.parametrize(
    ("hour", "minute", "half", "expected"),
    [
        (12, 0, "am", time(0, 0)),
        (12, 59, "AM", time(0, 59)),
        (12, 0, "pm", time(12, 0)),
        (11, 59, "pm", time(23, 59)),
        (1, 5, "am", time(1, 5)),
        (0, 5, "am", None),
        (13, 0, "pm", None),
        (5, 60, "pm", None),
    ],
)
def test_twelve_hour_times(hour: int, minute: int, half: str, expected: time | None) -> None:
    assert clock.twelve_hour(hour, minute, half) == expected


def walked(first: str, *printed: str, zone_name: str = "Europe/London") -> list[str]:
    pairs = [(time.fromisoformat(one[:5]), one[6:] or None) for one in printed]
    return [str(day)[5:] for day in clock.days_walked(date.fromisoformat(first), pairs, zone_name)]


@pytest.mark.parametrize(
    ("printed", "days"),
    [
        ((), []),
        (("23:59 GMT", "00:00 GMT", "00:00 GMT", "09:00 GMT"), ["02-03", "02-04", "02-04", "02-04"]),
        (("12:00 GMT", "11:59 GMT", "11:58 GMT"), ["02-03", "02-04", "02-05"]),
        (("12:00 GMT", "12:00 GMT"), ["02-03", "02-03"]),
    ],
)
def test_where_a_time_falls_the_day_steps_on(printed: tuple[str, ...], days: list[str]) -> None:
    assert walked("2031-02-03", *printed) == days


def test_the_hour_that_occurs_twice_is_no_midnight() -> None:
    assert walked("2014-10-26", "01:50 BST", "01:10 GMT", "02:00 GMT") == ["10-26"] * 3
    # the same label: it is the time that fell
    assert walked("2014-10-26", "01:50 BST", "01:10 BST") == ["10-26", "10-27"]
    # an hour that the clock change does not repeat
    assert walked("2014-10-26", "02:50 GMT", "01:10 GMT") == ["10-26", "10-27"]
    assert walked("2014-10-25", "01:50 BST", "01:10 GMT") == ["10-25", "10-26"]


def localised(moment: str, zone_name: str, printed: str | None) -> tuple[str, str | None]:
    naive = datetime.fromisoformat(moment)
    found, warning = clock.localise(naive.date(), naive.time(), zone_name, printed)
    return found.isoformat(), warning


@pytest.mark.parametrize(
    ("moment", "zone_name", "printed", "expected"),
    [
        ("2014-08-26T17:49", "Europe/London", "BST", "2014-08-26T17:49:00+01:00"),
        ("2014-08-26T17:49", "Europe/London", None, "2014-08-26T17:49:00+01:00"),
        ("2014-10-26T01:30", "Europe/London", "BST", "2014-10-26T01:30:00+01:00"),
        ("2014-10-26T01:30", "Europe/London", "GMT", "2014-10-26T01:30:00+00:00"),
        ("2014-07-01T09:00", "America/New_York", "ET", "2014-07-01T09:00:00-04:00"),
        ("2014-12-01T09:00", "America/New_York", "ET", "2014-12-01T09:00:00-05:00"),
        ("2014-12-01T09:00", "Australia/Sydney", "AEDT", "2014-12-01T09:00:00+11:00"),
    ],
)
def test_a_printed_time_with_its_label(moment: str, zone_name: str, printed: str | None, expected: str) -> None:
    assert localised(moment, zone_name, printed) == (expected, None)


def test_the_other_season_of_the_right_zone_is_a_warning() -> None:
    assert localised("2014-07-01T09:00", "America/New_York", "EST") == (
        "2014-07-01T09:00:00-04:00",
        "printed as EST, but America/New_York is on EDT then; taken as local time",
    )


def test_a_label_that_fits_both_readings_of_an_hour_is_a_warning() -> None:
    assert localised("2014-11-02T01:30", "America/New_York", "ET") == (
        "2014-11-02T01:30:00-04:00",
        "01:30 on 2014-11-02 occurs twice in America/New_York, and ET fits both; the first was taken",
    )


@pytest.mark.parametrize(
    ("printed", "zone_name", "wants"),
    [
        ("EDT", "Europe/London", "America/New_York"),
        ("BST", "Europe/Paris", "Europe/London"),
        ("XYZ", "UTC", "belongs"),
    ],
)
def test_a_label_of_another_zone_is_refused_with_both(printed: str, zone_name: str, wants: str) -> None:
    with pytest.raises(SourceRefused) as caught:
        localised("2014-08-26T17:49", zone_name, printed)
    assert f"the label {printed} contradicts the time zone {zone_name}" in caught.value.message
    assert wants in caught.value.hint


@pytest.mark.parametrize("printed", ["GMT", "BST", None])
def test_an_hour_that_the_clock_change_skips_is_refused(printed: str | None) -> None:
    with pytest.raises(SourceRefused, match="01:30 on 2014-03-30 does not exist in Europe/London"):
        localised("2014-03-30T01:30", "Europe/London", printed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pic.example/abcAugust 26, 2014He", ["2014-08-26"]),
        ("on 3 Feb 2031 and on Sept. 4, 2030", ["2031-02-03", "2030-09-04"]),
        ("2014-08-26T17:49", ["2014-08-26"]),
        ("31 February 2014, 2014-13-01, May 2014, 26 August", []),
        ("12345 May 20145", []),
        ("2014/08/26", []),
    ],
)
def test_dates_that_a_text_states(text: str, expected: list[str]) -> None:
    assert [str(one.date) for one in clock.dates_in_text(text)] == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("flood-2014-08-26.txt", {"2014-08-26"}),
        ("flood_20140826.txt", {"2014-08-26"}),
        ("https://news.example/2017/dec/07/live", {"2017-12-07"}),
        ("2014_08_26-and-2014-08-27", {"2014-08-26", "2014-08-27"}),
        ("1234201408261234.txt", set()),
        ("flood.txt", set()),
    ],
)
def test_dates_in_a_name(name: str, expected: set[str]) -> None:
    assert {str(one.date) for one in clock.dates_in_name(name)} == expected


def test_a_label_fits_a_day_or_the_night_after() -> None:
    assert clock.label_fits(date(2014, 8, 26), ["BST"], "Europe/London")
    assert not clock.label_fits(date(2014, 8, 26), ["GMT"], "Europe/London")
    assert clock.label_fits(date(2014, 10, 25), ["BST", "GMT"], "Europe/London")
    assert clock.label_fits(date(2014, 8, 26), ["ET"], "America/New_York")


@given(st.datetimes(datetime(1900, 1, 1), datetime(2199, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_microseconds_are_exact(moment: datetime) -> None:
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=clock.microseconds(moment)) == moment.astimezone(
        UTC
    )


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("EDT", "EDT"),
        ("Eastern  Standard\nTime", "EST"),
        ("eastern daylight time", "EDT"),
        ("Eastern", "ET"),
        ("Mountain Time", "MT"),
        ("British Summer Time", "BST"),
        ("Australian Eastern Daylight Time", "AEDT"),
        ("UTC", "UTC"),
        ("local", None),
        ("LOCAL", None),
        ("Eastern Wend Time", None),
        ("", None),
    ],
)
def test_a_zone_spelled_out_has_a_label(words: str, label: str | None) -> None:
    assert clock.zone_label(words) == label
