"""The Hugging Face Hub behind the genuine huggingface_hub: what is uploaded, and its errors in our words.

The token comes from `hf auth login` or HF_TOKEN only. huggingface_hub is imported on use, since it reads its settings
(HF_ENDPOINT, HF_HUB_OFFLINE, HF_HUB_DISABLE_XET) once, at import.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from ..artifacts.rows import Notes
from ..errors import EXIT_STOPPED, UserError

log = logging.getLogger("hunmin")

# Old files that would be loaded in place of the new ones, or applied on top of them.
STALE_WEIGHTS = ["*.safetensors", "*.safetensors.index.json", "*.bin", "adapter_config.json"]


def upload(folder: Path, repo: str, *, what: Literal["dataset", "model"], private: bool, message: str) -> Notes:
    """Upload a folder as one commit and give {url, commit, private, created, unchanged}.

    What the Hub has already is not sent again, so the same call continues an interrupted upload. A repository that is
    public is refused while `private` is asked. Raises UserError (exit code 4 when the same command can go on later).
    """
    from huggingface_hub import HfApi, constants, get_token

    endpoint = constants.ENDPOINT
    if not get_token():
        raise UserError(
            "there is no Hugging Face token",
            f"publish {repo}",
            "Run `hf auth login`, or set HF_TOKEN, and run the same command again.",
            EXIT_STOPPED,
        )
    api = HfApi()
    with hub_errors(repo, what, endpoint):
        created = not api.repo_exists(repo, repo_type=what)
        api.create_repo(repo, repo_type=what, private=private, exist_ok=True)
        before = api.repo_info(repo, repo_type=what)
        if private and not before.private:
            raise UserError(
                "the repository is public already",
                f"{endpoint}/{'datasets/' if what == 'dataset' else ''}{repo}",
                "Say private: false to publish there, make it private on its settings page, or use another name.",
            )
        info = api.upload_folder(
            repo_id=repo,
            folder_path=folder,
            repo_type=what,
            commit_message=message,
            delete_patterns=STALE_WEIGHTS if what == "model" else None,
        )
    url = f"{endpoint}/{'datasets/' if what == 'dataset' else ''}{repo}"
    return {
        "url": url,
        "commit": info.oid,
        "private": bool(before.private),
        "created": created,
        "unchanged": info.oid == before.sha,
    }


@contextmanager
def hub_errors(repo: str, what: str, endpoint: str) -> Iterator[None]:
    """Turn huggingface_hub's errors into UserErrors that say what to do."""
    import httpx2
    from huggingface_hub import errors

    where = f"{endpoint}/{repo}"
    try:
        yield
    except errors.OfflineModeIsEnabled as error:
        raise UserError(
            "HF_HUB_OFFLINE is set", where, "Unset it, or publish with repo: null.", EXIT_STOPPED
        ) from error
    except errors.HFValidationError as error:
        raise UserError(str(error), f"repo '{repo}'", "Write owner/name.") from error
    except errors.GatedRepoError as error:
        raise UserError(
            "the repository is gated", where, "Ask for access on its page, then go on.", EXIT_STOPPED
        ) from error
    except errors.RepositoryNotFoundError as error:
        told = "no such repository, or the token may not see it"
        raise UserError(told, where, "Check the name and the token's rights.", EXIT_STOPPED) from error
    except errors.HfHubHTTPError as error:
        raise _http(error, where) from error
    except httpx2.TransportError as error:
        told = f"no connection ({type(error).__name__})"
        raise UserError(told, where, "Run the same command again; what was uploaded is kept.", EXIT_STOPPED) from error
    except ValueError as error:
        if "metadata" not in str(error).lower():
            raise
        raise UserError(f"the Hub refuses the card: {error}", where, "Mend license, title or about.") from error


def _http(error: Any, where: str) -> UserError:
    status = getattr(error.response, "status_code", None)
    said = (getattr(error, "server_message", None) or str(error)).strip().split("\n")[0][:300]
    if status == 401:
        mend = "Log in again (`hf auth login`) or renew HF_TOKEN, then run the same command again."
        return UserError(f"the Hub does not accept the token: {said}", where, mend, EXIT_STOPPED)
    if status == 403:
        mend = "Use a token with write rights to this owner, then run the same command again."
        return UserError(f"the token may not write there: {said}", where, mend, EXIT_STOPPED)
    if status == 412:
        return UserError("someone else changed the repository meanwhile", where, "Run it again.", EXIT_STOPPED)
    mend = "Run the same command again; what was uploaded is kept."
    return UserError(f"HTTP {status}: {said}", where, mend, EXIT_STOPPED)


def require_access(repo_ids: Iterable[str], kind: Literal["model", "dataset"] = "model") -> None:
    """Raise UserError for the first id that is missing on the Hub, or gated for this token; cached ones pass offline.

    To be called before the first paid request: what a later stage cannot open should not be found out at the end. What
    is no Hub id (a path that exists, `tiny:...`) is passed over.
    """
    wanted = [r for r in dict.fromkeys(repo_ids) if r and ":" not in r and not Path(r).exists()]
    if not wanted:
        return
    import httpx2
    from huggingface_hub import HfApi, constants, errors, scan_cache_dir

    api = HfApi()
    for repo in wanted:
        page = f"{constants.ENDPOINT}/{'datasets/' if kind == 'dataset' else ''}{repo}"
        try:
            api.auth_check(repo, repo_type=kind)
        except errors.GatedRepoError as error:
            raise UserError(
                f"'{repo}' is gated and this token has no access",
                page,
                "Accept the licence on that page, then `hf auth login` or set HF_TOKEN.",
            ) from error
        except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
            raise UserError(
                f"there is no {kind} '{repo}' on the Hub, or it is private", page, "Check the name, or `hf auth login`."
            ) from error
        except (errors.OfflineModeIsEnabled, httpx2.TransportError, errors.HfHubHTTPError) as error:
            cached = Path(constants.HF_HUB_CACHE).is_dir() and any(
                (r.repo_id, r.repo_type) == (repo, kind) for r in scan_cache_dir().repos
            )
            if not cached:
                raise UserError(
                    f"'{repo}' cannot be looked up ({type(error).__name__}) and is not in the cache",
                    page,
                    "Go online, or download it beforehand.",
                ) from error
