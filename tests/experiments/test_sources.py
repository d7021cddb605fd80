"""Sources of images: torchvision's own folders written in small, and manifests of every kind."""

import gzip
import json
import pickle
import struct
from collections import Counter
from collections.abc import Callable
from hashlib import md5
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from torchvision import datasets as torchvision_datasets

from experiments.config import ManifestConfig, TorchvisionConfig, load_config
from experiments.datasets import ImageDataset, load_dataset
from experiments.results.errors import ConfigError, DataError
from experiments.results.schema import Split
from experiments.sources import list_images
from experiments.sources.torchvision_datasets import DATASETS

RNG = np.random.default_rng(0)


def torchvision(name: str, root: Path, **options: object) -> ImageDataset:
    config = TorchvisionConfig(source="torchvision", dataset=name, data_dir=root, **options)
    return load_dataset(config, root / "never written to")


def sizes(dataset: ImageDataset) -> dict[str, int]:
    return {str(split): len(dataset.of_split(split)) for split in Split}


def photograph(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(RNG.integers(0, 256, (12, 16, 3), dtype=np.uint8)).save(path)


def write_idx(folder: Path, part: str, images: np.ndarray, labels: np.ndarray) -> None:
    """Write images and labels in the format of MNIST."""
    folder.mkdir(parents=True, exist_ok=True)
    header = struct.pack(">HBBIII", 0, 8, 3, *images.shape)
    (folder / f"{part}-images-idx3-ubyte").write_bytes(header + images.tobytes())
    header = struct.pack(">HBBI", 0, 8, 1, len(labels))
    (folder / f"{part}-labels-idx1-ubyte").write_bytes(header + labels.tobytes())


def test_images_that_torchvision_holds_in_memory_keep_their_pixels(tmp_path):
    images = RNG.integers(0, 256, (60, 28, 28), dtype=np.uint8)
    labels = (np.arange(60) % 10).astype(np.uint8)
    raw = tmp_path / "FashionMNIST" / "raw"
    write_idx(raw, "train", images[:40], labels[:40])
    write_idx(raw, "t10k", images[40:], labels[40:])
    dataset = torchvision("FashionMNIST", tmp_path, val_fraction=0.25)
    assert sizes(dataset) == {"train": 30, "val": 10, "test": 20}
    assert dataset.class_names[0] == "T-shirt/top"
    for index, item in enumerate(dataset.of_split(Split.TEST), start=40):
        assert item.target == labels[index]
        assert np.array_equal(np.asarray(dataset.open(item))[:, :, 1], images[index])


def test_cifar_is_read_from_its_own_format(tmp_path, monkeypatch):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    images = RNG.integers(0, 256, (40, 3072), dtype=np.uint8)
    labels = [index % 10 for index in range(40)]

    def write(name: str, content: dict[str, object]) -> list[str]:
        (folder / name).write_bytes(pickle.dumps(content))
        return [name, md5((folder / name).read_bytes(), usedforsecurity=False).hexdigest()]

    cifar = torchvision_datasets.CIFAR10
    # Only the checksums of the real files stand between torchvision and these small ones.
    train = write("data_batch_1", {"data": images[:20], "labels": labels[:20]})
    test = write("test_batch", {"data": images[20:], "labels": labels[20:]})
    name, checksum = write("batches.meta", {"label_names": [f"thing {i}" for i in range(10)]})
    monkeypatch.setattr(cifar, "train_list", [train])
    monkeypatch.setattr(cifar, "test_list", [test])
    monkeypatch.setattr(cifar, "meta", {**cifar.meta, "filename": name, "md5": checksum})
    dataset = torchvision("CIFAR10", tmp_path, val_fraction=0.5)
    assert sizes(dataset) == {"train": 10, "val": 10, "test": 20}
    assert dataset.class_names[3] == "thing 3"
    last = dataset.of_split(Split.TEST)[-1]
    # The format stores all red values, then all green ones, then all blue ones.
    expected = images[-1].reshape(3, 32, 32).transpose(1, 2, 0)
    assert np.array_equal(np.asarray(dataset.open(last)), expected)
    assert last.target == 9


def test_the_official_validation_split_is_used(tmp_path):
    root = tmp_path / "dtd" / "dtd"
    (root / "labels").mkdir(parents=True)
    for split, n_images in (("train", 4), ("val", 3), ("test", 2)):
        names = [f"{c}/{c}_{split}{i}.jpg" for c in ("dotted", "knitted") for i in range(n_images)]
        (root / "labels" / f"{split}1.txt").write_text("\n".join(names))
        for name in names:
            photograph(root / "images" / name)
    dataset = torchvision("DTD", tmp_path)
    assert sizes(dataset) == {"train": 8, "val": 6, "test": 4}
    assert dataset.class_names == ("dotted", "knitted")
    assert all(f"_{item.split}" in item.path for item in dataset.items)
    item = dataset.items[0]
    assert dataset.read(item) == (tmp_path / item.path).read_bytes()
    assert dataset.card.description.endswith("The splits are the dataset's own.")


def test_a_dataset_without_splits_is_split(tmp_path):
    for name in ("Forest", "River"):
        for index in range(10):
            photograph(tmp_path / "eurosat" / "2750" / name / f"{name}_{index}.jpg")
    dataset = torchvision("EuroSAT", tmp_path, test_fraction=0.2, val_fraction=0.25)
    assert sizes(dataset) == {"train": 12, "val": 4, "test": 4}
    assert Counter(item.target for item in dataset.of_split(Split.TEST)) == {0: 2, 1: 2}


def test_listing_decodes_nothing(tmp_path):
    meta = tmp_path / "food-101" / "meta"
    meta.mkdir(parents=True)
    for split in ("train", "test"):
        names = {food: [f"{food}/{split}{i}" for i in range(3)] for food in ("pie", "soup")}
        (meta / f"{split}.json").write_text(json.dumps(names))
    (tmp_path / "food-101" / "images").mkdir()
    config = TorchvisionConfig(source="torchvision", dataset="Food101", data_dir=tmp_path)
    # There is not one image, and the list is complete.
    entries = list_images(config, tmp_path).entries
    assert len(entries) == 12
    assert entries[0].path == "food-101/images/pie/train0.jpg"


def test_classes_without_an_image_are_dropped(tmp_path):
    images = RNG.integers(0, 256, (47, 28, 28), dtype=np.uint8)
    labels = np.repeat([0, 46], [24, 23]).astype(np.uint8)
    for part in ("train", "test"):
        write_idx(tmp_path / "EMNIST" / "raw", f"emnist-balanced-{part}", images, labels)
    assert torchvision("EMNIST", tmp_path).class_names == ("0", "t")


def test_an_unknown_dataset_suggests_the_nearest(tmp_path):
    with pytest.raises(ConfigError, match=r"'CIFAR11' is not a .*; did you mean 'CIFAR10'"):
        torchvision("CIFAR11", tmp_path)


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_a_missing_dataset_says_where_it_was_looked_for(name, tmp_path):
    with pytest.raises(DataError, match=f"the dataset {name} is missing: looked in .*--data-dir"):
        torchvision(name, tmp_path)


@pytest.mark.realdata
def test_pets_by_torchvisions_name_are_those_of_their_own_source(realdata):
    dataset = torchvision("OxfordIIITPet", realdata / "datasets")
    assert sizes(dataset) == {"train": 222, "val": 56, "test": 188}
    for item in dataset.items:
        breed = Path(item.path).stem.rsplit("_", 1)[0].replace("_", " ")
        assert breed.lower() == dataset.class_names[item.target].lower()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with photos/0.png to 19.png; tables go next to `photos`."""
    for index in range(20):
        photograph(tmp_path / "photos" / f"{index}.png")
    return tmp_path


LABELS = [f"photos/{index}.png,{'cat' if index % 2 else 'dog'}" for index in range(20)]


def manifest(
    folder: Path, content: str | bytes, name: str = "labels.csv", **options: object
) -> ImageDataset:
    encoded = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(encoded)
    config = ManifestConfig(source="manifest", file=folder / name, title="Mine", **options)
    return load_dataset(config, folder)


def table(rows: list[str], header: str = "path,label") -> str:
    return "\n".join([header, *rows, ""])


def test_a_manifest_without_splits_is_split(photos):
    dataset = manifest(photos, table(LABELS))
    assert dataset.class_names == ("cat", "dog")
    assert sizes(dataset) == {"train": 12, "val": 4, "test": 4}
    assert dataset.superclasses is None
    for item in dataset.items:
        assert item.target == (0 if int(Path(item.path).stem) % 2 else 1)
        assert dataset.read(item) == (photos / item.path).read_bytes()


def test_the_order_of_the_rows_does_not_matter(photos):
    assert manifest(photos, table(LABELS)).items == manifest(photos, table(LABELS[::-1])).items


def test_splits_and_superclasses_of_a_manifest_are_kept(photos):
    splits = ["train"] * 12 + ["Validation"] * 4 + ["test"] * 4
    groups = {"cat": "pet", "dog": "pet, too"}
    rows = [
        f'{split},{row},"{groups[row[-3:]]}",x' for row, split in zip(LABELS, splits, strict=True)
    ]
    dataset = manifest(photos, table(rows, "split,path,label,superclass,comment"))
    assert sizes(dataset) == {"train": 12, "val": 4, "test": 4}
    assert [Path(item.path).stem for item in dataset.of_split(Split.VAL)] == [
        "12",
        "13",
        "14",
        "15",
    ]
    assert dataset.superclasses == ("pet", "pet, too")


def test_a_manifest_from_excel_reads_the_same(photos):
    excel = b"\xef\xbb\xbf" + table(LABELS, "Path, Label").replace("\n", "\r\n").encode()
    assert manifest(photos, excel).items == manifest(photos, table(LABELS)).items


def test_paths_written_on_windows_read_the_same(photos):
    windows = [row.replace("/", "\\") for row in LABELS]
    assert manifest(photos, table(windows)).items == manifest(photos, table(LABELS)).items


def test_paths_are_relative_to_data_dir(photos, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("tables")
    rows = [row.removeprefix("photos/") for row in LABELS]
    dataset = manifest(elsewhere, table(rows), data_dir=photos / "photos")
    assert {item.path for item in dataset.items} == {f"{index}.png" for index in range(20)}


def test_parquet_reads_the_same(photos):
    names, labels = zip(*(row.split(",") for row in LABELS), strict=True)
    columns = {"path": names, "label": pa.array(labels).dictionary_encode(), "size": range(20)}
    pq.write_table(pa.table(columns), photos / "written.parquet")
    content = (photos / "written.parquet").read_bytes()
    dataset = manifest(photos, content, "labels.parquet")
    assert dataset.items == manifest(photos, table(LABELS)).items


def test_labels_that_are_numbers_are_sorted_by_value(photos):
    numbers = pa.array([(0, 2, 10)[index % 3] for index in range(20)], pa.int64())
    names = [f"photos/{index}.png" for index in range(20)]
    pq.write_table(pa.table({"path": names, "label": numbers}), photos / "written.parquet")
    content = (photos / "written.parquet").read_bytes()
    assert manifest(photos, content, "labels.parquet").class_names == ("0", "2", "10")


HOSTILE = [
    "photos/-rf.png",
    "photos/a, b.png",
    'photos/"quoted".png',
    "photos/two\nlines.png",
    "photos/<img src=x onerror=alert(1)>.png",
    "photos/naïve Ünïcödé 猫.png",
    "photos/ spaces .png",
    "photos/back\\slash.png",
    "photos/..hidden.png",
    "photos/%2e%2e.png",
]


def test_strange_names_are_just_names(photos):
    for name in HOSTILE:
        Image.new("RGB", (4, 4)).save(photos / name.replace("<img src=x onerror=alert(1)>", "tag"))
    names = [name.replace("<img src=x onerror=alert(1)>", "tag") for name in HOSTILE]
    quoted = ['"' + name.replace('"', '""') + '",=1+1' for name in names]
    dataset = manifest(photos, table([*LABELS, *quoted]))
    assert set(names) <= {item.path for item in dataset.items}
    assert dataset.class_names == ("=1+1", "cat", "dog")


def test_a_file_that_a_manifest_promises_is_missed_by_name(photos):
    dataset = manifest(photos, table([*LABELS, "photos/gone.png,cat"]), max_unreadable_fraction=0.1)
    (only,) = dataset.unreadable
    assert only.path == "photos/gone.png"
    assert only.reason == "cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("/etc/passwd,cat", "row 22, column 'path': '/etc/passwd' is absolute"),
        ("../x.png,cat", "row 22, column 'path': '../x.png' leads out of"),
        ("photos/../../x.png,cat", "row 22, column 'path': 'photos/../../x.png' leads out of"),
        ("..\\x.png,cat", r"row 22, column 'path': '../x.png' leads out of"),
        ("C:\\x.png,cat", r"row 22, column 'path': 'C:/x.png' is absolute"),
        ("\\\\host\\share\\x.png,cat", "row 22, column 'path': '//host/share/x.png' is absolute"),
        ("photos/..,cat", "row 22, column 'path': 'photos/..' leads out of"),
        ("a\0b.png,cat", "row 22, column 'path': holds a NUL"),
        (",cat", "row 22, column 'path': is empty"),
        ("x.png, ", "row 22, column 'label': is empty"),
        ("photos/3.png,cat", "row 22, column 'path': 'photos/3.png' is in row 5 already"),
        ("photos/./3.png,dog", "row 22, column 'path': 'photos/3.png' is in row 5 already"),
        ("x.png,cat,dog", "row 22: has 3 columns where the header has 2"),
        ("x.png", "row 22: has 1 columns where the header has 2"),
        ('"x.png,cat', "line 22: is not CSV: unexpected end of data"),
    ],
)
def test_a_row_that_makes_no_sense_is_named(photos, row, message):
    with pytest.raises(DataError) as caught:
        manifest(photos, table([*LABELS, row]))
    assert f"{photos / 'labels.csv'}, {message}" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has no column 'path'; it has none"),
        ("path,label\n", "has no rows"),
        ("path;label\na.png;cat\n", "has no column 'path'; it has 'path;label'"),
        ("path,lable\na.png,cat\n", "has no column 'label'; did you mean 'lable'?"),
        ("path,label,label\na.png,cat,dog\n", "has the column 'label' twice"),
        ("path,label,spilt\na.png,cat,test\n", "unknown column 'spilt'; did you mean 'split'?"),
        ("path,label,split\na.png,cat,tset\n", "row 2, column 'split': 'tset' is none of train"),
        ("path,label,split\na.png,cat,\n", "row 2, column 'split': is empty"),
        (
            "path,label,superclass\na.png,cat,pet\nb.png,cat,beast\n",
            "row 3, column 'superclass': label 'cat' is 'beast' here and 'pet' in row 2",
        ),
        ("path,label\na.png,caf\u00e9\n".encode("latin-1"), "labels.csv, line 2: is not UTF-8"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(photos, content, message):
    with pytest.raises(DataError) as caught:
        manifest(photos, content)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"path,label\n", gzip.compress(b"PAR1", mtime=0)]
)
def test_what_is_not_parquet_is_refused(photos, content):
    with pytest.raises(DataError, match=r"labels\.parquet: is not Parquet: ."):
        manifest(photos, content, "labels.parquet")


def test_a_null_in_parquet_names_row_and_column(photos):
    pq.write_table(pa.table({"path": ["a.png", "b.png"], "label": ["cat", None]}), photos / "t")
    with pytest.raises(DataError, match=r"row 3, column 'label': is empty"):
        manifest(photos, (photos / "t").read_bytes(), "labels.parquet")


def test_a_table_that_is_missing_or_of_another_kind_is_named(photos):
    config = ManifestConfig(source="manifest", file=photos / "none.csv", title="Mine")
    with pytest.raises(DataError, match=r"none\.csv: cannot be read: No such file"):
        load_dataset(config, photos)
    with pytest.raises(DataError, match=r"has to be a \.csv or a \.parquet file"):
        manifest(photos, "", "labels.xlsx")


@pytest.mark.parametrize("relative", [True, False])
def test_folders_and_tables_are_relative_to_the_configuration(tmp_path, relative, write_config):
    where = "tables/labels.csv" if relative else str(tmp_path / "tables" / "labels.csv")
    path = write_config(tmp_path, f'source = "manifest"\nfile = "{where}"\ndata_dir = "photos"')
    dataset = load_config(str(path)).dataset
    assert isinstance(dataset, ManifestConfig)
    assert dataset.file == tmp_path / "tables" / "labels.csv"
    assert dataset.data_dir == tmp_path / "photos"


@pytest.fixture
def write_config() -> Callable[[Path, str], Path]:
    def write(folder: Path, dataset: str) -> Path:
        path = folder / "mine.toml"
        path.write_text(
            'name = "mine"\ntitle = "Mine"\nquestion = "Which?"\nstrategy = "scratch"\n'
            f'[dataset]\n{dataset}\ntitle = "Mine"\n[[models]]\nname = "test_vit"\n'
        )
        return path

    return write
