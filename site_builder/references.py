"""What the pages cite: papers, books and documentation, each written down once."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """Something to read.

    Attributes:
        text: Authors, year and title.
        address: Where it is: a DOI, or the page itself.
    """

    text: str
    address: str


def _doi(text: str, doi: str) -> Reference:
    return Reference(text, f"https://doi.org/{doi}")


def _arxiv(text: str, number: str) -> Reference:
    return Reference(text, f"https://arxiv.org/abs/{number}")


_LEARNING_BOOK = "Goodfellow, Bengio and Courville (2016), Deep Learning"
_SKLEARN = "https://scikit-learn.org/stable/modules"

# Scores.
BRODERSEN = _doi(
    "Brodersen et al. (2010), The balanced accuracy and its posterior distribution",
    "10.1109/ICPR.2010.764",
)
BRIER = _doi(
    "Brier (1950), Verification of forecasts expressed in terms of probability",
    "10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
)
COHEN = _doi(
    "Cohen (1960), A coefficient of agreement for nominal scales", "10.1177/001316446002000104"
)
GEIFMAN_2017 = _arxiv(
    "Geifman and El-Yaniv (2017), Selective classification for deep neural networks", "1705.08500"
)
GEIFMAN_2019 = _arxiv(
    "Geifman, Uziel and El-Yaniv (2019), Bias-reduced uncertainty estimation for deep neural "
    "classifiers",
    "1805.08206",
)
GNEITING = _doi(
    "Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation",
    "10.1198/016214506000001437",
)
GORODKIN = _doi(
    "Gorodkin (2004), Comparing two K-category assignments by a K-category correlation coefficient",
    "10.1016/j.compbiolchem.2004.09.006",
)
GUO = _arxiv(
    "Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks", "1706.04599"
)
IMAGENET = _arxiv(
    "Russakovsky et al. (2015), ImageNet large scale visual recognition challenge", "1409.0575"
)
SOKOLOVA = _doi(
    "Sokolova and Lapalme (2009), A systematic analysis of performance measures for classification "
    "tasks",
    "10.1016/j.ipm.2009.03.002",
)
SKLEARN_METRICS = Reference(
    "scikit-learn, Metrics and scoring", f"{_SKLEARN}/model_evaluation.html#classification-metrics"
)
SKLEARN_PRF = Reference(
    "scikit-learn, precision_recall_fscore_support",
    f"{_SKLEARN}/generated/sklearn.metrics.precision_recall_fscore_support.html",
)

# How sure a number is.
DIETTERICH = _doi(
    "Dietterich (1998), Approximate statistical tests for comparing supervised classification "
    "learning algorithms",
    "10.1162/089976698300017197",
)
EFRON = _doi(
    "Efron and Tibshirani (1993), An introduction to the bootstrap", "10.1201/9780429246593"
)
HOLM = Reference(
    "Holm (1979), A simple sequentially rejective multiple test procedure",
    "https://www.jstor.org/stable/4615733",
)
MCNEMAR = _doi(
    "McNemar (1947), Note on the sampling error of the difference between correlated proportions "
    "or percentages",
    "10.1007/BF02295996",
)
WILSON = _doi(
    "Wilson (1927), Probable inference, the law of succession, and statistical inference",
    "10.1080/01621459.1927.10502953",
)

# Cost.
DUMOULIN = _arxiv(
    "Dumoulin and Visin (2016), A guide to convolution arithmetic for deep learning", "1603.07285"
)
MLPERF = _arxiv("Reddi et al. (2020), MLPerf inference benchmark", "1911.02549")
SZE = _arxiv(
    "Sze, Chen, Yang and Emer (2017), Efficient processing of deep neural networks: a tutorial and "
    "survey",
    "1703.09039",
)

# Networks and their training.
BOOK_NETWORKS = Reference(
    f"{_LEARNING_BOOK}, chapter 6", "https://www.deeplearningbook.org/contents/mlp.html"
)
BOOK_OPTIMISATION = Reference(
    f"{_LEARNING_BOOK}, chapter 8", "https://www.deeplearningbook.org/contents/optimization.html"
)
BOOK_CONVOLUTION = Reference(
    f"{_LEARNING_BOOK}, chapter 9", "https://www.deeplearningbook.org/contents/convnets.html"
)
BOOK_BASICS = Reference(
    f"{_LEARNING_BOOK}, chapter 5", "https://www.deeplearningbook.org/contents/ml.html"
)
CAM = _arxiv(
    "Zhou et al. (2016), Learning deep features for discriminative localization", "1512.04150"
)
GRAD_CAM = _arxiv(
    "Selvaraju et al. (2017), Grad-CAM: visual explanations from deep networks via gradient-based "
    "localization",
    "1610.02391",
)
KOHAVI = Reference(
    "Kohavi (1995), A study of cross-validation and bootstrap for accuracy estimation and model "
    "selection",
    "https://www.ijcai.org/Proceedings/95-2/Papers/016.pdf",
)
KORNBLITH = _arxiv(
    "Kornblith, Shlens and Le (2019), Do better ImageNet models transfer better?", "1805.08974"
)
LIN = _arxiv("Lin, Chen and Yan (2014), Network in network", "1312.4400")
LOSHCHILOV = _arxiv(
    "Loshchilov and Hutter (2019), Decoupled weight decay regularization", "1711.05101"
)
PARETO = _doi(
    "Miettinen (1999), Nonlinear multiobjective optimization", "10.1007/978-1-4615-5563-6"
)
PRECHELT = _doi("Prechelt (1998), Early stopping – but when?", "10.1007/3-540-49430-8_3")
PYTORCH_RANDOM = Reference(
    "PyTorch, Reproducibility", "https://docs.pytorch.org/docs/stable/notes/randomness.html"
)
SHORTEN = _doi(
    "Shorten and Khoshgoftaar (2019), A survey on image data augmentation for deep learning",
    "10.1186/s40537-019-0197-0",
)
TORCHVISION_NORMALISE = Reference(
    "torchvision, Normalize",
    "https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.v2.Normalize.html",
)
TSNE = Reference(
    "van der Maaten and Hinton (2008), Visualizing data using t-SNE",
    "https://www.jmlr.org/papers/v9/vandermaaten08a.html",
)
YOSINSKI = _arxiv(
    "Yosinski, Clune, Bengio and Lipson (2014), How transferable are features in deep neural "
    "networks?",
    "1411.1792",
)

# Images and what is done to them before a network sees them.
CHEN = _arxiv(
    "Chen, Xu, Zhang and Guestrin (2016), Training deep nets with sublinear memory cost",
    "1604.06174",
)
KERAS_LAYOUT = Reference(
    "Keras, image_data_format",
    "https://www.tensorflow.org/api_docs/python/tf/keras/backend/image_data_format",
)
LECUN = _doi("LeCun, Bottou, Orr and Müller (1998), Efficient BackProp", "10.1007/3-540-49430-8_2")
PARMAR = _arxiv(
    "Parmar, Zhang and Zhu (2022), On aliased resizing and surprising subtleties in GAN evaluation",
    "2104.11222",
)
PYTORCH_CHANNELS_LAST = Reference(
    "PyTorch, Channels last memory format",
    "https://docs.pytorch.org/tutorials/intermediate/memory_format_tutorial.html",
)
PYTORCH_DATA = Reference(
    "PyTorch, torch.utils.data", "https://docs.pytorch.org/docs/stable/data.html"
)
PYTORCH_PINNED = Reference(
    "PyTorch, A guide on good usage of non_blocking and pin_memory()",
    "https://docs.pytorch.org/tutorials/intermediate/pinmem_nonblock.html",
)
SZEGEDY = _arxiv("Szegedy et al. (2015), Going deeper with convolutions", "1409.4842")
TIMM_DATA = Reference("timm, Data", "https://huggingface.co/docs/timm/reference/data")
TORCHVISION_ORIGIN = Reference(
    "torchvision, Document origin of preprocessing mean / std (#1965)",
    "https://github.com/pytorch/vision/pull/1965",
)
TORCHVISION_TRANSFORMS = Reference(
    "torchvision, Transforming and augmenting images",
    "https://docs.pytorch.org/vision/stable/transforms.html",
)
TOUVRON = _arxiv(
    "Touvron, Vedaldi, Douze and Jégou (2019), Fixing the train-test resolution discrepancy",
    "1906.06423",
)

# Backbones.
CHOLLET = _arxiv(
    "Chollet (2017), Xception: deep learning with depthwise separable convolutions", "1610.02357"
)
DOSOVITSKIY = _arxiv(
    "Dosovitskiy et al. (2021), An image is worth 16x16 words: transformers for image recognition "
    "at scale",
    "2010.11929",
)
HE_RESNET = _arxiv(
    "He, Zhang, Ren and Sun (2016), Deep residual learning for image recognition", "1512.03385"
)
HOWARD_MOBILENET = _arxiv(
    "Howard et al. (2017), MobileNets: efficient convolutional neural networks for mobile vision "
    "applications",
    "1704.04861",
)
HOWARD_MOBILENETV3 = _arxiv("Howard et al. (2019), Searching for MobileNetV3", "1905.02244")
HUANG = _arxiv(
    "Huang, Liu, van der Maaten and Weinberger (2017), Densely connected convolutional networks",
    "1608.06993",
)
LIU_CONVNEXT = _arxiv("Liu et al. (2022), A ConvNet for the 2020s", "2201.03545")
LIU_SWIN = _arxiv(
    "Liu et al. (2021), Swin transformer: hierarchical vision transformer using shifted windows",
    "2103.14030",
)
LUO = _arxiv(
    "Luo, Li, Urtasun and Zemel (2016), Understanding the effective receptive field in deep "
    "convolutional neural networks",
    "1701.04128",
)
RADOSAVOVIC = _arxiv(
    "Radosavovic, Kosaraju, Girshick, He and Dollár (2020), Designing network design spaces",
    "2003.13678",
)
SANDLER = _arxiv(
    "Sandler, Howard, Zhu, Zhmoginov and Chen (2018), MobileNetV2: inverted residuals and linear "
    "bottlenecks",
    "1801.04381",
)
SIMONYAN = _arxiv(
    "Simonyan and Zisserman (2015), Very deep convolutional networks for large-scale image "
    "recognition",
    "1409.1556",
)
TAN = _arxiv(
    "Tan and Le (2019), EfficientNet: rethinking model scaling for convolutional neural networks",
    "1905.11946",
)
ZEILER = _arxiv(
    "Zeiler and Fergus (2014), Visualizing and understanding convolutional networks", "1311.2901"
)
ZHANG = _arxiv("Zhang (2019), Making convolutional networks shift-invariant again", "1904.11486")
PYTORCH_CONV2D = Reference(
    "PyTorch, Conv2d", "https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html"
)
TORCHVISION_MODELS = Reference(
    "torchvision, Models and pre-trained weights",
    "https://docs.pytorch.org/vision/stable/models.html",
)
TIMM = Reference("timm, Documentation", "https://huggingface.co/docs/timm")

# Transfer, and heads.
HE_INITIALISATION = _arxiv(
    "He, Zhang, Ren and Sun (2015), Delving deep into rectifiers", "1502.01852"
)
HE_PRETRAINING = _arxiv(
    "He, Girshick and Dollár (2019), Rethinking ImageNet pre-training", "1811.08883"
)
HOWARD_RUDER = _arxiv(
    "Howard and Ruder (2018), Universal language model fine-tuning for text classification",
    "1801.06146",
)
KUMAR = _arxiv(
    "Kumar, Raghunathan, Jones, Ma and Liang (2022), Fine-tuning can distort pretrained features "
    "and underperform out-of-distribution",
    "2202.10054",
)
SRIVASTAVA = Reference(
    "Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), Dropout: a simple way to "
    "prevent neural networks from overfitting",
    "https://www.jmlr.org/papers/v15/srivastava14a.html",
)
SZEGEDY_RETHINKING = _arxiv(
    "Szegedy, Vanhoucke, Ioffe, Shlens and Wojna (2016), Rethinking the inception architecture for "
    "computer vision",
    "1512.00567",
)
PYTORCH_CROSS_ENTROPY = Reference(
    "PyTorch, CrossEntropyLoss",
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html",
)
HENDRYCKS = _arxiv("Hendrycks and Gimpel (2016), Gaussian error linear units", "1606.08415")
KARPATHY = Reference(
    "Karpathy (2019), A recipe for training neural networks",
    "https://karpathy.github.io/2019/04/25/recipe/",
)
PYTORCH_BATCH_NORM = Reference(
    "PyTorch, BatchNorm2d",
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html",
)
