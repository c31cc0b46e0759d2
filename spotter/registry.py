"""Child registries of mmengine's root registries, scope ``spotter``.

A config that names ``type="DBNet"`` finds our class first and mmengine's second. Importing
:mod:`spotter` imports nothing heavy; the modules listed in ``locations`` are imported when a
registry is first asked for a name that it does not know.
"""

from mmengine.registry import DATA_SAMPLERS as MMENGINE_DATA_SAMPLERS
from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import LOOPS as MMENGINE_LOOPS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODEL_WRAPPERS as MMENGINE_MODEL_WRAPPERS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import PARAM_SCHEDULERS as MMENGINE_PARAM_SCHEDULERS
from mmengine.registry import RUNNERS as MMENGINE_RUNNERS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import Registry

MODELS = Registry(
    "model",
    parent=MMENGINE_MODELS,
    scope="spotter",
    locations=[
        "spotter.data.preprocessor",
        "spotter.models.detection.exports",
        "spotter.models.recognition",
        "spotter.methods",
    ],
)
DATASETS = Registry(
    "dataset", parent=MMENGINE_DATASETS, scope="spotter", locations=["spotter.data.exports"]
)
DATA_SAMPLERS = Registry(
    "data sampler",
    parent=MMENGINE_DATA_SAMPLERS,
    scope="spotter",
    locations=["spotter.data.exports"],
)
TRANSFORMS = Registry(
    "transform",
    parent=MMENGINE_TRANSFORMS,
    scope="spotter",
    locations=["spotter.data.transforms"],
)
METRICS = Registry(
    "metric", parent=MMENGINE_METRICS, scope="spotter", locations=["spotter.evaluation"]
)
HOOKS = Registry(
    "hook", parent=MMENGINE_HOOKS, scope="spotter", locations=["spotter.training.exports"]
)
LOOPS = Registry(
    "loop", parent=MMENGINE_LOOPS, scope="spotter", locations=["spotter.training.exports"]
)
RUNNERS = Registry(
    "runner", parent=MMENGINE_RUNNERS, scope="spotter", locations=["spotter.training.exports"]
)
OPTIM_WRAPPERS = Registry(
    "optim wrapper",
    parent=MMENGINE_OPTIM_WRAPPERS,
    scope="spotter",
    locations=["spotter.training.exports"],
)
MODEL_WRAPPERS = Registry(
    "model wrapper",
    parent=MMENGINE_MODEL_WRAPPERS,
    scope="spotter",
    locations=["spotter.training.exports"],
)
PARAM_SCHEDULERS = Registry(
    "parameter scheduler",
    parent=MMENGINE_PARAM_SCHEDULERS,
    scope="spotter",
    locations=["spotter.training.exports"],
)
READERS = Registry("reader", scope="spotter", locations=["spotter.data.readers"])
