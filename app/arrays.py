"""Arrays as the dashboard passes them from one function to the next."""

import numpy as np
import numpy.typing as npt

#: Numbers in double precision; docstrings state the shape.
FloatArray = npt.NDArray[np.float64]
