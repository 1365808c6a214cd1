"""What is done for a model, by what its canaries said."""

from trireme.medic.policy import Action, Finding, Patient, Rules

RULES = Rules(hang=60, deaths=2, window=100, quarantine=1000, grace=10)


def looks(*rows):
    """Return a patient that was seen well at 0, and what was to be done after each (moment, finding)."""
    patient = Patient("m", RULES)
    patient.look(0, Finding.ANSWERED)
    return patient, [patient.look(moment, finding) for moment, finding in rows]


def test_a_dead_one_is_reloaded_at_once():
    assert looks((1, Finding.DEAD))[1] == [Action.RELOAD]


def test_a_wrong_answer_is_shown_and_never_cured_by_a_reload():
    patient, actions = looks((1, Finding.WRONG), (500, Finding.WRONG))
    assert actions == [Action.NOTHING, Action.NOTHING]
    assert not patient.healthy


def test_a_late_one_may_be_busy_and_after_a_minute_hangs():
    assert looks((1, Finding.LATE), (60, Finding.LATE), (61, Finding.LATE))[1] == [
        Action.NOTHING,
        Action.NOTHING,
        Action.RELOAD,
    ]


def test_a_late_one_keeps_its_pod_ready_until_it_hangs():
    patient, _ = looks((1, Finding.LATE), (30, Finding.LATE))
    assert patient.healthy
    assert patient.ready(50)


def test_the_trial_after_a_quarantine_has_a_grace_of_its_own():
    patient, _ = looks((1, Finding.DEAD), (2, Finding.DEAD), (3, Finding.DEAD))
    patient.look(1100, Finding.DEAD)
    assert patient.ready(1105)
    assert not patient.ready(1115)


def test_an_answer_ends_the_waiting():
    assert looks((1, Finding.LATE), (50, Finding.ANSWERED), (100, Finding.LATE))[1][-1] is Action.NOTHING


def test_the_third_death_in_a_window_is_a_quarantine_and_then_one_reload_is_tried():
    patient, actions = looks((1, Finding.DEAD), (10, Finding.DEAD), (20, Finding.DEAD))
    assert actions == [Action.RELOAD, Action.RELOAD, Action.QUARANTINE]
    assert [patient.due(moment) for moment in (21, 1019, 1020)] == [False, False, True]
    assert patient.look(1021, Finding.DEAD) is Action.RELOAD


def test_a_reload_loop_is_never_made_whatever_dies():
    patient = Patient("m", RULES)
    patient.look(0, Finding.ANSWERED)
    moments = [moment for moment in range(1, 5000) if patient.due(moment)]
    done = [patient.look(moment, Finding.DEAD) for moment in moments if patient.due(moment)]
    assert done.count(Action.RELOAD) <= 2 * (5000 / RULES.quarantine) + 2


def test_deaths_that_lie_apart_are_reloaded_each_time():
    assert looks((1, Finding.DEAD), (200, Finding.DEAD), (400, Finding.DEAD))[1] == [Action.RELOAD] * 3


def test_a_pod_stays_ready_through_a_short_reload_and_without_a_quarantined_model():
    patient, _ = looks((1, Finding.DEAD))
    assert [patient.ready(moment) for moment in (1, 10, 12)] == [True, True, False]
    patient, _ = looks((1, Finding.DEAD), (2, Finding.DEAD), (3, Finding.DEAD))
    assert patient.ready(500)


def test_a_model_that_never_answered_keeps_its_pod_from_being_ready():
    assert not Patient("m", RULES).ready(0)
