"""Training: a lesson and its material, and the folder that comes of them."""

from ratingd.models.model_folder import ModelFolder
from ratingd.models.training.boosted_model import Effort, boosted_model
from ratingd.models.training.isolation_model import isolation_model
from ratingd.models.training.knn_model import knn_model
from ratingd.models.training.lesson import ISOLATION_LESSON, KNN_LESSON, Lesson
from ratingd.models.training.material import Material
from ratingd.models.training.mix import Mix, Origin


def trained(lesson: Lesson, material: Material, effort: Effort) -> ModelFolder:
    """InvalidRequest where the material is too little. The same material and seed give the same bytes."""
    origin = Origin((material.source,), material.labels, Mix.of(lesson, material.data))
    if lesson is ISOLATION_LESSON:
        return isolation_model(material.data, effort.seed, origin)
    if lesson is KNN_LESSON:
        return knn_model(material.data, effort.seed, origin)
    return boosted_model(lesson, material.scored, effort, origin)
