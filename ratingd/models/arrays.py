"""Arrays: the three shapes in which models see numbers.

`Rows` are float64 [rows, features], a `Column` is one number a row, and `Labels` are 1 for fraud and 0 for the rest.
"""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
Column = NDArray[np.float64]
Labels = NDArray[np.int8]
