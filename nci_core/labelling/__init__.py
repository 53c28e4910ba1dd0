"""Labels of any file of dimers, without a campaign.

A frame is one dimer at one geometry; hosts may differ from frame to frame. `frames` reads and checks them, `tasks` says
what has to be computed, `folder` keeps what is finished beside the file that is written, `prices` says what the rest
costs, `pool` computes it in processes of their own (`worker`), and `output` writes the labelled file.
"""
