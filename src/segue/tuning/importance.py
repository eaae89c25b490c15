"""How much each hyper-parameter mattered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import optuna

from segue.core.spaces import Space
from segue.tuning.sampling import distributions
from segue.tuning.trial import Trial

_FEWEST: Final = 10  # trials, below which nothing can be said


def importance(space: Space, trials: Sequence[Trial], *, maximize: bool) -> Mapping[str, float]:
    """The share of each parameter in telling the good trials from the others, from the most important one.

    PED-ANOVA (Watanabe, Bansal and Hutter 2023): the better the best tenth of the trials can be told from all of them
    by the values of a parameter alone, the more it matters. Shares sum to 1. Empty where fewer than 10 different points
    were evaluated, or all of them gave the same.
    """
    counted = [trial for trial in trials if trial.state == "complete" and trial.same_as is None]
    if len(counted) < _FEWEST or len({trial.value for trial in counted}) < 2:
        return {}
    study = optuna.create_study(direction="maximize" if maximize else "minimize")
    kinds = distributions(space)
    for trial in counted:
        study.add_trial(optuna.trial.create_trial(params=dict(trial.values), distributions=kinds, value=trial.value))
    shares = optuna.importance.get_param_importances(study, evaluator=optuna.importance.PedAnovaImportanceEvaluator())
    if not np.isfinite(list(shares.values())).all():
        return {}
    return dict(sorted(((name, float(share)) for name, share in shares.items()), key=lambda pair: -pair[1]))
