"""Training recipes: each wraps a recognizer from config and owns its loss."""

from spotter.recipes.base import Recipe
from spotter.recipes.byol import BYOL
from spotter.recipes.consistency import CharacterConsistency
from spotter.recipes.context_prediction import ContextPrediction
from spotter.recipes.decoder_evaluation import DecoderEvaluation
from spotter.recipes.domain_adaptation import DomainAdaptation
from spotter.recipes.fixmatch import FixMatch
from spotter.recipes.instances import AllToInstance, FrameToInstance, WindowToInstance
from spotter.recipes.masked_language import MaskedLanguageModeling
from spotter.recipes.mean_teacher import MeanTeacher
from spotter.recipes.moco import MoCo
from spotter.recipes.multimodal_consistency import MultimodalConsistency
from spotter.recipes.projections import FrameMLP
from spotter.recipes.pseudo_label import PseudoLabel
from spotter.recipes.semi_supervised import SemiSupervised
from spotter.recipes.seqclr import SeqCLR
from spotter.recipes.simclr import SimCLR
from spotter.recipes.simsiam import SimSiam
from spotter.recipes.target import EMATarget

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
    "MoCo",
    "MultimodalConsistency",
    "PseudoLabel",
    "Recipe",
    "SemiSupervised",
    "SeqCLR",
    "SimCLR",
    "SimSiam",
    "WindowToInstance",
]
