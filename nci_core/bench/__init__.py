"""`nci bench`: label efficiency, accuracy, calibration and speed, measured so that anyone can repeat it.

Every measurement is a `Row`; rows go to one file per benchmark as they are found, so that an
interrupted run goes on where it was. Nothing is chosen on the points that a row's error is of.
"""
