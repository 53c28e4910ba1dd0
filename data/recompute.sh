#!/usr/bin/env bash
# Recompute an embedded campaign from nothing:  data/recompute.sh he-ethylene|he-benzene
# Resumable: finished steps and labels are kept, so it can be stopped and run again. On two cores it
# takes hours (the labels hold their timings). Ends with an export to data/NAME.
# With CONTINUE=1 it goes on from what data/NAME holds instead of starting from nothing.
# The He-benzene labels by standard, quick and dz, which only compare recipes, are not among its steps: they came from
# more_recipes in campaign.toml and `nci label --recipe NAME CONFIGURATION ...` ("picked_by" says so where it was kept).
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:?which campaign: he-ethylene or he-benzene}
export NCI_HOME=${NCI_HOME:-$PWD/campaigns} NCI_CAMPAIGN=${NCI_HOME:-$PWD/campaigns}/$name
nci=${NCI:-.venv/bin/nci}

case $name in
  he-ethylene) host=ethylene well=-10 test=50 second=160 title="Helium over ethylene" rounds="12 18 30 40" recipe=standard more=quick ;;
  he-benzene) host=benzene well=-20 test=20 second=120 title="Helium over benzene" rounds="12 10 10 12 12 12 12" recipe=composite more= ;;
  *) echo "no embedded campaign is called $name" >&2; exit 2 ;;
esac

done_already() { "$nci" models --json | grep -q "\"$1\""; }

if [[ -n ${CONTINUE:-} && -e data/$name/campaign.toml && ! -e $NCI_CAMPAIGN/campaign.toml ]]; then
  "$nci" import "data/$name" "$NCI_CAMPAIGN"
fi
if [[ ! -e $NCI_CAMPAIGN/campaign.toml ]]; then
  "$nci" init "$NCI_CAMPAIGN" --host "$host" --teacher hf-d4 --teacher hf-mp2 --recipe "$recipe" --well-below="$well" --title "$title" \
    ${more:+--more-recipe $more}
  "$nci" sample --n 250 --test "$test" --cuts 12 --seed 1
fi
"$nci" teach
if ! done_already round-0-distilled; then
  # A second sample, denser where the teacher's energy changes: the pilot student stands in for it.
  "$nci" distill
  "$nci" sample --n "$second" --guide model --seed 2
fi
"$nci" teach
[[ -n ${CONTINUE:-} ]] || done_already round-0-distilled-2 || "$nci" distill
# Labels of the pool in any state: finished, queued, or interrupted.
asked() { "$nci" status --json | .venv/bin/python -c 'import json, sys; print(sum(json.load(sys.stdin)["labels"]["pool"].values()))'; }
round=0 target=0
for n in $rounds; do
  round=$((round + 1)) target=$((target + n))
  if ! done_already "round-$round-finetuned"; then
    missing=$((target - $(asked)))
    if ((missing > 0)); then "$nci" select --n "$missing" --basket; fi
    "$nci" label --retry
    "$nci" finetune --notes "$n labels by I-optimal design"
  fi
done
"$nci" label --test
if [[ -n $more ]]; then  # a second recipe where the first has labels of the pool
  ids=$(.venv/bin/python -c '
import sys
from nci_core.campaign import Campaign
from nci_core.store import labels
campaign = Campaign.open(sys.argv[1], read_only=True)
print(*labels.complete(campaign.store, campaign.recipe.hash, split="pool").configuration_ids)' "$NCI_CAMPAIGN")
  "$nci" label --recipe "$more" --picked-by "where standard is" $ids
fi
"$nci" evaluate
"$nci" export "data/$name"
