from erp_desktop.ids import child_id, child_keys, new_id


def test_ids_for_thousands_of_rows_are_those_that_would_be_given_one_by_one():
    parent = new_id()
    assert child_keys(parent, 7, 50) == [child_id(parent, counter).bytes for counter in range(7, 57)]
