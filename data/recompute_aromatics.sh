#!/usr/bin/env bash
# Recompute data/he-aromatics from nothing: helium over five aromatic hosts, the largest of which is only tested on.
# Resumable: finished energies and labels are kept. Some ten CPU-hours, most of them the teacher's energies over the three
# larger hosts and naphthalene's labels; labels of hosts larger than that need a larger machine. Ends with an export to
# data/he-aromatics. The embedded campaign was sampled in several steps as it grew: from nothing, positions are others.
# With CONTINUE=1 it goes on from what data/he-aromatics holds instead of starting from nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
export NCI_HOME=${NCI_HOME:-$PWD/campaigns} NCI_CAMPAIGN=${NCI_HOME:-$PWD/campaigns}/he-aromatics
nci=${NCI:-.venv/bin/nci} teacher=hf-mp2:midbond

if [[ -n ${CONTINUE:-} && ! -e $NCI_CAMPAIGN/campaign.toml ]]; then
  "$nci" import data/he-aromatics "$NCI_CAMPAIGN"
fi
if [[ ! -e $NCI_CAMPAIGN/campaign.toml ]]; then
  "$nci" init "$NCI_CAMPAIGN" --host benzene --host naphthalene --host anthracene --host pyrene --transfer coronene \
    --teacher $teacher --recipe focal-point --title "Helium over aromatics" --well-below=-20 --limit=1000
  "$nci" sample --system he-benzene --n 180 --test 20 --seed 1
  "$nci" sample --system he-naphthalene --n 180 --test 20 --seed 1
  "$nci" sample --system he-anthracene --n 170 --test 16 --seed 1
  "$nci" sample --system he-pyrene --n 170 --test 16 --seed 1
  "$nci" sample --system he-coronene --n 41 --test 40 --seed 1
fi
"$nci" teach
done_already() { "$nci" models --json | grep -q "\"$1\""; }
# Configurations of a system in the order of the teacher's energy, lowest first: what is bound, where labels by
# I-optimal design are few, since most of what they tell is told on the wall.
bound() {
  .venv/bin/python -c '
import sys
from nci_core.campaign import Campaign
from nci_core.store import teacher_labels
campaign = Campaign.open(sys.argv[1], read_only=True)
system = next(each for each in campaign.systems if each.name == sys.argv[2])
rows = teacher_labels.fetch(campaign.store, sys.argv[3], split="pool", system_id=system.id)
print(*[row.configuration_id for row in sorted(rows, key=lambda row: row.energy_ev)[:: int(sys.argv[5])][: int(sys.argv[4])]])' \
    "$NCI_CAMPAIGN" "$@"
}
done_already round-0-distilled || "$nci" distill
if ! done_already round-1-finetuned; then
  "$nci" select --n 20 --basket
  "$nci" label --retry
  "$nci" finetune --notes "20 labels by I-optimal design"
fi
if ! done_already round-2-finetuned; then
  "$nci" label --retry $(bound he-benzene $teacher 10 3)
  "$nci" label --retry --workers 1 $(bound he-naphthalene $teacher 4 2)
  "$nci" finetune --notes "bound configurations of both hosts"
fi
if ! done_already round-3-finetuned; then
  "$nci" label --retry --workers 1 $(bound he-naphthalene $teacher 6 2)
  "$nci" finetune --notes "three more labels of naphthalene"
fi
# What is embedded has these sets already; after more labels, make others under a name of your own.
[[ -n ${CONTINUE:-} ]] || "$nci" delta --name mp2+delta --teacher $teacher
"$nci" evaluate
"$nci" export data/he-aromatics
