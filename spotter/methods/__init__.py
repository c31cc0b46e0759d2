"""Training methods: each wraps a recognizer from config and owns its loss."""

from spotter.methods.base import Method
from spotter.methods.multimodal.masked_language import MaskedLanguageModeling
from spotter.methods.multimodal.multimodal_consistency import MultimodalConsistency
from spotter.methods.self_supervised.byol import BYOL
from spotter.methods.self_supervised.context_prediction import ContextPrediction
from spotter.methods.self_supervised.decoder_evaluation import DecoderEvaluation
from spotter.methods.self_supervised.instances import (
    AllToInstance,
    FrameToInstance,
    WindowToInstance,
)
from spotter.methods.self_supervised.moco import MoCo
from spotter.methods.self_supervised.projections import FrameMLP
from spotter.methods.self_supervised.seqclr import SeqCLR
from spotter.methods.self_supervised.simclr import SimCLR
from spotter.methods.self_supervised.simsiam import SimSiam
from spotter.methods.semi_supervised.base import SemiSupervised
from spotter.methods.semi_supervised.consistency import CharacterConsistency
from spotter.methods.semi_supervised.domain_adaptation import DomainAdaptation
from spotter.methods.semi_supervised.fixmatch import FixMatch
from spotter.methods.semi_supervised.mean_teacher import MeanTeacher
from spotter.methods.semi_supervised.pseudo_label import PseudoLabel
from spotter.methods.target import EMATarget

__all__ = [
    "BYOL",
    "AllToInstance",
    "CharacterConsistency",
    "ContextPrediction",
    "DecoderEvaluation",
    "DomainAdaptation",
    "EMATarget",
    "FixMatch",
    "FrameMLP",
    "FrameToInstance",
    "MaskedLanguageModeling",
    "MeanTeacher",
    "Method",
    "MoCo",
    "MultimodalConsistency",
    "PseudoLabel",
    "SemiSupervised",
    "SeqCLR",
    "SimCLR",
    "SimSiam",
    "WindowToInstance",
]
