"""Child registries of scope ``spotter`` for the kinds that the toolkit takes from mmengine as is.

Without them mmengine would warn, at every lookup, that the scope has no such registry.
"""

from mmengine.registry import EVALUATOR as MMENGINE_EVALUATOR
from mmengine.registry import FUNCTIONS as MMENGINE_FUNCTIONS
from mmengine.registry import LOG_PROCESSORS as MMENGINE_LOG_PROCESSORS
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS as MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.registry import OPTIMIZERS as MMENGINE_OPTIMIZERS
from mmengine.registry import VISBACKENDS as MMENGINE_VISBACKENDS
from mmengine.registry import VISUALIZERS as MMENGINE_VISUALIZERS
from mmengine.registry import WEIGHT_INITIALIZERS as MMENGINE_WEIGHT_INITIALIZERS
from mmengine.registry import Registry

EVALUATOR = Registry("evaluator", parent=MMENGINE_EVALUATOR, scope="spotter")
FUNCTIONS = Registry("function", parent=MMENGINE_FUNCTIONS, scope="spotter")
LOG_PROCESSORS = Registry("log processor", parent=MMENGINE_LOG_PROCESSORS, scope="spotter")
OPTIMIZERS = Registry("optimizer", parent=MMENGINE_OPTIMIZERS, scope="spotter")
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    "optim wrapper constructor", parent=MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS, scope="spotter"
)
VISBACKENDS = Registry("vis backend", parent=MMENGINE_VISBACKENDS, scope="spotter")
VISUALIZERS = Registry("visualizer", parent=MMENGINE_VISUALIZERS, scope="spotter")
WEIGHT_INITIALIZERS = Registry(
    "weight initializer", parent=MMENGINE_WEIGHT_INITIALIZERS, scope="spotter"
)
