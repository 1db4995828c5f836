"""Command line: ``python -m detector data|train|grid|tpe|report|all``."""

import argparse
from pathlib import Path

import skhpo
from detector import data
from detector.report import write_report
from detector.tracking import connect
from detector.training import BASELINE, grid_search, tpe_search, train

DATA, RUNS = Path("data"), Path("runs")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m detector", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("data", help="generate the images, and print their version")
    one = commands.add_parser("train", help="train one detector as a run")
    one.add_argument("--epochs", type=int, default=BASELINE["epochs"])
    one.add_argument("--imgsz", type=int, default=BASELINE["imgsz"], help="pixels, in eights")
    one.add_argument("--lr", type=float, default=BASELINE["lr"], help="learning rate of Adam")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--name", default="baseline", help="name of the run")
    commands.add_parser("grid", help="27 trainings on a grid")
    tpe = commands.add_parser("tpe", help="a search by TPE")
    tpe.add_argument("--trials", type=int, default=30)
    tpe.add_argument("--seed", type=int, default=0)
    commands.add_parser("report", help="write runs/report/decision.md from the runs")
    commands.add_parser("all", help="baseline, grid, TPE of 5 and of 30 trials, report")
    args = parser.parse_args(arguments)
    if args.command == "train" and (args.imgsz % 8 or args.imgsz < 16):
        parser.error(f"--imgsz must be a multiple of 8, at least 16; got {args.imgsz}.")
    return args


def main(arguments: list[str] | None = None) -> None:
    args = parse(arguments)
    if args.command == "data":
        path = data.write(DATA)
        print(f"{path}: {data.version(data.read(DATA))['all']}")
        return
    skhpo.logging.set_verbosity(skhpo.logging.WARNING)
    connect()
    parts = data.read(DATA)
    if args.command == "train":
        settings = {name: getattr(args, name) for name in ("epochs", "imgsz", "lr", "seed", "name")}
        print_metrics(train(parts, **settings, picture=True))
    if args.command == "all":
        print_metrics(train(parts, **BASELINE, name="baseline", picture=True))
    if args.command in ("grid", "all"):
        print_best(grid_search(parts))
    if args.command == "tpe":
        print_best(tpe_search(parts, args.trials, args.seed))
    if args.command == "all":
        for n_trials in (5, 30):
            print_best(tpe_search(parts, n_trials))
    if args.command in ("report", "all"):
        print(f"The decision report: {write_report(parts, RUNS / 'report')}")


def print_metrics(results: dict) -> None:
    print(
        f"mAP50 {results['map50']:.3f} (test {results['test_map50']:.3f}), "
        f"{results['train_seconds']:.1f} s of CPU, run {results['run_id']}"
    )


def print_best(study: skhpo.Study) -> None:
    print(f"{study.study_name}: {len(study.trials)} trials, best mAP50 {study.best_value:.3f}")
    print(f"    {study.best_params}")


if __name__ == "__main__":
    main()
