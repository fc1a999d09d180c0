"""Two administrators change one user at two desks: what only one of them changed is kept of both."""

from acme_office import Office, OpenDesk
from sqlalchemy import select
from test_settling import best_way

from erp_desktop.actions.both_versions import versions_of
from erp_desktop.actions.drafts import changing
from erp_desktop.actions.opening import SaveUser
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.company import Role, User, UserRole


def two_administrators(office: Office, open_desk: OpenDesk) -> tuple[Desk, Desk, SaveUser]:
    """Both offline, and the user that both of them know."""
    buyer = SaveUser(new_id(), "buyer", "Wang", ("purchasing", "warehouse"))
    (result,) = office.perform(buyer)
    assert result.outcome == "applied", result
    office.add_user("mei", "administrator")
    lin, mei = open_desk("lin"), open_desk("mei")
    for desk in (lin, mei):
        assert desk.wait_until_synced()
        desk.go_offline()
    return lin, mei, buyer


def stored(office: Office) -> tuple[str, bool, set[str]]:
    with office.engine.connect() as connection:
        user = connection.execute(select(User.id, User.name, User.is_active).where(User.login == "buyer")).one()
        roles = select(Role.code).join(UserRole, UserRole.role_id == Role.id).where(UserRole.user_id == user.id)
        return user.name, user.is_active, set(connection.scalars(roles))


def save(desk: Desk, seen: SaveUser, **values: object) -> None:
    now = {"login": seen.login, "name": seen.name, "role_codes": seen.role_codes} | values
    desk.perform_and_wait(changing(SaveUser(seen.user_id, **now), seen))  # type: ignore[arg-type]


def reconnect(*desks: Desk) -> None:
    for desk in desks:
        desk.go_online()
        assert desk.wait_until_synced()


def test_a_role_that_was_taken_away_is_not_given_back_by_whoever_corrects_the_name(
    office: Office, open_desk: OpenDesk
) -> None:
    lin, mei, buyer = two_administrators(office, open_desk)
    save(lin, buyer, role_codes=("warehouse",), is_active=False)
    save(mei, buyer, name="Wang Fang")
    reconnect(lin, mei)
    assert mei.sync_state.attention == 0
    assert stored(office) == ("Wang Fang", False, {"warehouse"})


def test_roles_that_both_of_them_changed_are_shown_in_both_versions(office: Office, open_desk: OpenDesk) -> None:
    lin, mei, buyer = two_administrators(office, open_desk)
    save(lin, buyer, role_codes=("warehouse",))
    save(mei, buyer, role_codes=("warehouse", "purchasing", "sales"), name="Wang Fang")
    reconnect(lin, mei)
    (clash,) = mei.attention().result()
    assert clash.action is not None
    (version,) = versions_of(clash.action, clash.fields)
    assert (version.column, version.theirs, version.was) == ("role_codes", ["warehouse"], ["purchasing", "warehouse"])
    assert version.mine == ["purchasing", "sales", "warehouse"]
    assert stored(office) == ("Wang", True, {"warehouse"})  # nothing of it was written
    assert mei.settle([best_way(clash)]).result() == ()
    assert mei.wait_until_synced()
    assert stored(office) == ("Wang Fang", True, {"purchasing", "sales", "warehouse"})
