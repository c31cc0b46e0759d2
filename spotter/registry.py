"""Child registries of mmengine's root registries, scope ``spotter``.

A config that names ``type="DBNet"`` finds our class first and mmengine's second. Importing
:mod:`spotter` imports nothing heavy; the modules listed in ``locations`` are imported when a
registry is first asked for a name that it does not know.
"""

from mmengine import registry as mmengine
from mmengine.registry import Registry


def _child(name: str, parent: Registry, *locations: str) -> Registry:
    return Registry(name, parent=parent, scope="spotter", locations=list(locations))


MODELS = _child(
    "model",
    mmengine.MODELS,
    "spotter.data.preprocessor",
    "spotter.models.detection.exports",
    "spotter.models.recognition",
    "spotter.methods",
)
DATASETS = _child("dataset", mmengine.DATASETS, "spotter.data.exports")
DATA_SAMPLERS = _child("data sampler", mmengine.DATA_SAMPLERS, "spotter.data.exports")
TRANSFORMS = _child("transform", mmengine.TRANSFORMS, "spotter.data.transforms")
METRICS = _child("metric", mmengine.METRICS, "spotter.evaluation")
HOOKS = _child("hook", mmengine.HOOKS, "spotter.training.exports")
LOOPS = _child("loop", mmengine.LOOPS, "spotter.training.exports")
RUNNERS = _child("runner", mmengine.RUNNERS, "spotter.training.exports")
OPTIM_WRAPPERS = _child("optim wrapper", mmengine.OPTIM_WRAPPERS, "spotter.training.exports")
MODEL_WRAPPERS = _child("model wrapper", mmengine.MODEL_WRAPPERS, "spotter.training.exports")
PARAM_SCHEDULERS = _child(
    "parameter scheduler", mmengine.PARAM_SCHEDULERS, "spotter.training.exports"
)
READERS = Registry("reader", scope="spotter", locations=["spotter.data.readers"])
