from triggers.traffic.contacts import CONTACT_MS, GENERATION, Contacts


def test_a_contact_is_one_for_seven_days() -> None:
    contacts = Contacts()
    assert not contacts.called_before("+1", 0)
    contacts.add("+1", 0)
    assert contacts.called_before("+1", CONTACT_MS - 1)
    assert not contacts.called_before("+1", CONTACT_MS)


def test_the_last_512_are_known_and_no_more_than_1024() -> None:
    contacts = Contacts()
    for n in range(3 * GENERATION):
        contacts.add(f"+{n}", n)
    known = [n for n in range(3 * GENERATION) if contacts.called_before(f"+{n}", 3 * GENERATION)]
    assert set(range(2 * GENERATION, 3 * GENERATION)) <= set(known)
    assert len(known) <= 2 * GENERATION
