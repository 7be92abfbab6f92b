#!/usr/bin/env bash
# Annotates a folder of videos as one batch, checks the task files, and tells by its exit code how it went:
#   annotate.sh VIDEOS BATCH
# 0: all done (failed rows within VR_CHECKS__MAX_FAILED_SHARE); 1: the run failed, or the files are not valid; 2: a wrong setting.
set -euo pipefail
videos=$1 batch=$2

export DAGSTER_HOME=${DAGSTER_HOME:-$PWD}
export VR_VLM__BACKEND=${VR_VLM__BACKEND:-opencv} VR_LLM__BACKEND=${VR_LLM__BACKEND:-opencv}
# 0: a single failed row fails the run. The default, 0.2, lets one in five fail.
export VR_CHECKS__MAX_FAILED_SHARE=${VR_CHECKS__MAX_FAILED_SHARE:-0}

[ -f dagster.yaml ] || vr-assets init .
vr-assets ingest "$videos" --batch "$batch"
dagster job execute -m vr_assets.definitions -j annotate_videos --tags "{\"dagster/partition\": \"$batch\"}"
vr-assets status --batch "$batch" --reasons
tao-daft validate tao-vl-reason-v1.0 --path "${VR_DATA_ROOT:-data}/batches/$batch/task_files"
