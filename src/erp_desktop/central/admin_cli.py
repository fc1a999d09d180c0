"""What an administrator does at the centre's own command line: users, computers, backups (erp-central user, device, ...)."""

import argparse
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select

from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.permissions import ROLES
from erp_desktop.actions.refusals import Problem
from erp_desktop.backup_file import Contents
from erp_desktop.central.accounts import hash_password, set_password
from erp_desktop.central.administering import Administration, NoSuchDevice
from erp_desktop.central.backing_up import check_backup, restore_backup, write_backup
from erp_desktop.central.command_line import Stop, asked_password, companies_kept, company_of, existing_database
from erp_desktop.central.performing import Centre
from erp_desktop.central.replacing import replace_books
from erp_desktop.database import open_engine
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.models.company import Role, User, UserRole
from erp_desktop.wire import DeviceRow

AddCommand = Callable[..., argparse.ArgumentParser]


# --- users


def add_user(chosen: argparse.Namespace) -> int:
    engine = existing_database(chosen.database)
    company = company_of(engine, chosen.company)
    password = asked_password(chosen)
    hash_password(password)  # refuses a weak one before anybody is added
    user_id = new_id()
    wanted = SaveUser(
        user_id=user_id,
        login=chosen.login,
        name=chosen.name or chosen.login,
        role_codes=tuple(chosen.role),
        language=chosen.language,
    )
    _perform(engine, company.id, wanted)
    set_password(engine, company.id, user_id, password)
    print(json.dumps({"user_id": str(user_id)}))
    engine.dispose()
    return 0


def list_users(chosen: argparse.Namespace) -> int:
    engine = existing_database(chosen.database)
    company = company_of(engine, chosen.company)
    with engine.connect() as connection:
        users = connection.execute(select(User).where(User.company_id == company.id).order_by(User.login)).all()
    for user in users:
        told = {"login": user.login, "name": user.name, "active": user.is_active}
        print(json.dumps(told | {"roles": _roles_of(engine, company.id, user.id)}, ensure_ascii=False))
    engine.dispose()
    return 0


def change_roles(chosen: argparse.Namespace) -> int:
    return _save(chosen, role_codes=tuple(dict.fromkeys(chosen.role)))


def disable_user(chosen: argparse.Namespace) -> int:
    return _save(chosen, is_active=False)


def enable_user(chosen: argparse.Namespace) -> int:
    return _save(chosen, is_active=True)


def change_password(chosen: argparse.Namespace) -> int:
    engine = existing_database(chosen.database)
    company = company_of(engine, chosen.company)
    user = _user(engine, company.id, chosen.login)
    administration = Administration(engine)
    if chosen.one_time:
        print(json.dumps({"password": administration.give_password(company.id, user.id)}))
    else:
        set_password(engine, company.id, user.id, asked_password(chosen))
        administration.sign_user_out(company.id, user.id)
    engine.dispose()
    return 0


def _save(chosen: argparse.Namespace, **changed: Any) -> int:
    engine = existing_database(chosen.database)
    company = company_of(engine, chosen.company)
    user = _user(engine, company.id, chosen.login)
    stays = {
        "login": user.login,
        "name": user.name,
        "language": user.language,
        "is_active": user.is_active,
        "role_codes": tuple(_roles_of(engine, company.id, user.id)),
    }
    _perform(engine, company.id, SaveUser(user_id=user.id, **{**stays, **changed}))
    engine.dispose()
    return 0


def _perform(engine: Engine, company_id: UUID, wanted: SaveUser) -> None:
    """In the name of an administrator: whoever reaches the database may do what one may."""
    with engine.connect() as connection:
        administrator = connection.scalar(
            select(User.id)
            .join(UserRole, (UserRole.company_id == User.company_id) & (UserRole.user_id == User.id))
            .join(Role, (Role.company_id == UserRole.company_id) & (Role.id == UserRole.role_id))
            .where(User.company_id == company_id, User.is_active, Role.code == "administrator")
            .order_by(User.id)
            .limit(1)
        )
    if administrator is None:
        raise Stop(translate("Command line", "Nobody is administrator of this company."))
    (result,) = Centre(engine).perform_local(company_id, administrator, [wanted])
    if result.outcome != "applied":
        raise Stop(Problem.from_dict(result.problem or {}).sentence)


def _user(engine: Engine, company_id: UUID, login: str) -> Any:
    with engine.connect() as connection:
        user = connection.execute(select(User).where(User.company_id == company_id, User.login == login)).one_or_none()
    if user is None:
        raise Stop(translate("Command line", "Nobody signs in as {login}.").format(login=login))
    return user


def _roles_of(engine: Engine, company_id: UUID, user_id: UUID) -> list[str]:
    with engine.connect() as connection:
        return list(
            connection.scalars(
                select(Role.code)
                .join(UserRole, (UserRole.company_id == Role.company_id) & (UserRole.role_id == Role.id))
                .where(UserRole.company_id == company_id, UserRole.user_id == user_id)
                .order_by(Role.code)
            )
        )


# --- computers


def list_devices(chosen: argparse.Namespace) -> int:
    engine = existing_database(chosen.database)
    for device in Administration(engine).devices(company_of(engine, chosen.company).id):
        print(json.dumps(_told(device), ensure_ascii=False))
    engine.dispose()
    return 0


def order_device(order: str) -> Callable[[argparse.Namespace], int]:
    def command(chosen: argparse.Namespace) -> int:
        engine = existing_database(chosen.database)
        try:
            Administration(engine).order_device(company_of(engine, chosen.company).id, chosen.device, order)
        except NoSuchDevice:
            raise Stop(
                translate("Command line", "No computer has this id; erp-central device list tells them.")
            ) from None
        engine.dispose()
        return 0

    return command


def _told(device: DeviceRow) -> dict[str, Any]:
    return {
        "id": str(device.id),
        "name": device.name,
        "login": device.login,
        "program": device.program,
        "seen_at": device.seen_at.isoformat(timespec="seconds"),
        "ticks_behind": device.ticks_behind,
        "state": device.state,
        "copy_of": device.copy_of,
    }


# --- backups


def back_up(chosen: argparse.Namespace) -> int:
    engine = existing_database(chosen.database)
    contents = _write_backup(engine, chosen.to)
    told = {"file": str(chosen.to), "bytes": chosen.to.stat().st_size, "made_at": contents.made_at.isoformat()}
    print(json.dumps(told | {"companies": contents.companies}, ensure_ascii=False))
    engine.dispose()
    return 0


def _write_backup(engine: Engine, path: Path) -> Contents:
    """Raises Stop where it cannot be written; nothing of it is left then."""
    part = path.with_name(path.name + ".part")
    if path.exists():
        raise Stop(translate("Command line", "{file} is there already. Give another name.").format(file=path))
    try:
        with part.open("wb") as file:
            contents = write_backup(engine, file)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Stop(
            translate("Command line", "{file} cannot be written: {detail}.").format(
                file=path, detail=error.strerror or error
            )
        ) from error
    return contents


def restore(chosen: argparse.Namespace) -> int:
    try:
        return _replace(chosen) if chosen.replace else _restore(chosen)
    except OSError as error:
        raise Stop(
            translate("Command line", "{file} cannot be read: {detail}.").format(
                file=chosen.file, detail=error.strerror or error
            )
        ) from error


def _restore(chosen: argparse.Namespace) -> int:
    engine = open_engine(chosen.database)
    restored = restore_backup(chosen.file, engine)
    logs = {code: check.broken_at or "sound" for code, check in restored.logs.items()}
    print(json.dumps({"made_at": restored.contents.made_at.isoformat(), "rows": restored.rows, "logs": logs}))
    engine.dispose()
    return 0 if all(check.broken_at is None for check in restored.logs.values()) else 1


def _replace(chosen: argparse.Namespace) -> int:
    """Onto a database that has companies, also while it is served; the books of before are kept beside the file."""
    engine = existing_database(chosen.database)
    codes = sorted(company.code for company in companies_kept(engine))
    if sorted(chosen.replace) != codes:
        raise Stop(
            translate(
                "Command line",
                "Nothing was changed: --replace names every company whose books are replaced, and this database keeps {codes}.",
            ).format(codes=", ".join(codes) or "-")
        )
    check_backup(chosen.file)
    before = chosen.file.with_name(f"{'-'.join(codes)}-{datetime.now(UTC):%Y-%m-%d-%H%M%S-%f}-before-restore.erpbackup")
    _write_backup(engine, before)
    replaced = replace_books(chosen.file, engine)
    told = {"made_at": replaced.contents.made_at.isoformat(), "rows": replaced.rows, "changed": replaced.changed}
    print(json.dumps(told | {"before": str(before)}, ensure_ascii=False))
    engine.dispose()
    return 0


# --- how they are typed


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add: AddCommand) -> None:
    """Add `user`, `device`, `backup` and `restore`; `add` makes one command of a group."""
    users = commands.add_parser("user", help="Who may sign in.").add_subparsers(required=True, metavar="COMMAND")
    adding = _of_company(add(users, "add", add_user, "Give a person access."), "--login")
    adding.add_argument("--name", default="")
    adding.add_argument("--role", action="append", required=True, choices=sorted(ROLES), help="may be given again")
    adding.add_argument("--language", default="en")
    adding.add_argument("--password-stdin", action="store_true")
    _of_company(add(users, "list", list_users, "Say who may sign in, and which roles they play."))
    roles = _of_company(add(users, "roles", change_roles, "Give a person other roles."), "--login")
    roles.add_argument("--role", action="append", required=True, choices=sorted(ROLES), help="may be given again")
    _of_company(add(users, "disable", disable_user, "Let a person sign in no more; their sessions end."), "--login")
    _of_company(add(users, "enable", enable_user, "Let a person sign in again."), "--login")
    word = _of_company(add(users, "set-password", change_password, "Give a person a new password."), "--login")
    word.add_argument("--one-time", action="store_true", help="make one up, with which the person chooses their own")
    word.add_argument("--password-stdin", action="store_true")

    devices = commands.add_parser("device", help="Which computers sign in.").add_subparsers(
        required=True, metavar="COMMAND"
    )
    _of_company(add(devices, "list", list_devices, "Say which computers have signed in, and how far they are."))
    for name, order, help in (
        ("sign-out", "sign_out", "Let its next request want a password."),
        ("revoke", "take_out", "Let nobody sign in on it any more."),
        ("let-in", "let_in", "Let somebody sign in on it again."),
    ):
        _of_company(add(devices, name, order_device(order), help)).add_argument("device", type=_id, metavar="ID")

    backup = add(commands, "backup", back_up, "Write everything that is kept into one file, while desks go on.")
    backup.add_argument("--to", required=True, type=Path, metavar="FILE")
    restoring = add(
        commands, "restore", restore, "Bring a backup onto a new, empty database, or in the place of its books."
    )
    restoring.add_argument("file", type=Path, metavar="FILE")
    restoring.add_argument(
        "--replace",
        action="append",
        default=[],
        metavar="CODE",
        help="the database keeps this company: replace its books, also while it is served (once for each company)",
    )


def _of_company(parser: argparse.ArgumentParser, *more: str) -> argparse.ArgumentParser:
    parser.add_argument("--company", required=True, metavar="CODE")
    for option in more:
        parser.add_argument(option, required=True)
    return parser


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not an id: {text}") from None
