"""Models: each learns from a Dataset and answers histories."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from segue.models.content import Content
from segue.models.ease import EASE
from segue.models.explicit_als import ExplicitALS
from segue.models.feature_mf import FeatureMF
from segue.models.graph_filter import GraphFilter
from segue.models.implicit_als import ImplicitALS
from segue.models.item_knn import ItemKNN
from segue.models.minhash import MinHash
from segue.models.popularity import Popularity
from segue.models.sgd_mf import SGDMF
from segue.models.user_knn import UserKNN
from segue.models.word2vec import Word2Vec

#: Every model by the name that settings and the command line use.
MODELS: Final[Mapping[str, type[Any]]] = MappingProxyType(
    {
        model.name: model
        for model in (
            Popularity,
            ItemKNN,
            UserKNN,
            EASE,
            GraphFilter,
            MinHash,
            ImplicitALS,
            ExplicitALS,
            SGDMF,
            FeatureMF,
            Content,
            Word2Vec,
        )
    }
)
