"""The terms that pages explain where they use them: `templates/partials/glossary.html`."""

from dataclasses import dataclass

from site_builder import references
from site_builder.references import Reference


@dataclass(frozen=True)
class Term:
    """A term.

    Attributes:
        key: Its name in templates and addresses.
        name: The term as it stands in a sentence.
        definition: What it is, in a sentence or two.
        reference: Where to read more.
        formula: Key of its formula in `site_builder.formulas`; empty where it has none.
    """

    key: str
    name: str
    definition: str
    reference: Reference
    formula: str = ""


TERMS: tuple[Term, ...] = (
    # How good a model is.
    Term("accuracy", "accuracy", "Share of images that the model gets right.",
         references.SKLEARN_METRICS, "accuracy"),
    Term("precision", "precision", "Of the images called a class, the share that are of it.",
         references.SOKOLOVA, "precision"),
    Term("recall", "recall", "Of the images of a class, the share that is called so.",
         references.SOKOLOVA, "recall"),
    Term("f1", "F1", "Harmonic mean of precision and recall, near the lower of the two.",
         references.SOKOLOVA, "f1"),
    Term("macro", "macro average", "Mean over classes in which each class counts the same.",
         references.SKLEARN_PRF, "macro"),
    Term("micro", "micro average",
         "Score from the counts of all classes added up. With one class for each image it is the "
         "accuracy.", references.SKLEARN_PRF, "micro"),
    Term("weighted", "weighted average",
         "Mean over classes in which each class counts by its number of images.",
         references.SKLEARN_PRF, "weighted"),
    Term("top-k", "top-k accuracy",
         "Share of images whose true class is among the k that the model finds most probable.",
         references.IMAGENET, "top-k"),
    Term("confusion-matrix", "confusion matrix",
         "Table of images by true class (rows) and predicted class (columns). What is right lies "
         "on the diagonal.", references.SKLEARN_METRICS, "one-class"),
    Term("kappa", "Cohen’s kappa",
         "Agreement beyond what chance gives: 0 as by chance, 1 in full.", references.COHEN,
         "kappa"),
    Term("calibration", "calibration",
         "How well confidence fits accuracy: of images with 80 % confidence, 80 % should be right.",
         references.GUO, "ece"),
    Term("log-loss", "log loss",
         "Mean of −ln p over images, p being the probability of the true class. Lower is better.",
         references.GNEITING, "log-loss"),
    # How sure a number is.
    Term("interval", "confidence interval",
         "Range made so that, over many test sets, 95 % of such ranges would hold the true value.",
         references.WILSON, "wilson"),
    Term("bootstrap", "bootstrap",
         "Drawing from the test images again and again, with replacement, to see how much a score "
         "varies.", references.EFRON, "bootstrap"),
    Term("mcnemar", "McNemar test",
         "Test of two models on the same images. Only images that one of them alone gets right "
         "count.", references.MCNEMAR, "mcnemar"),
    Term("holm", "Holm’s correction",
         "Adjustment of p-values for the number of tests, so that few or no claims hold by luck.",
         references.HOLM, "holm"),
    # What comes out of a model.
    Term("logits", "logits",
         "The head’s outputs, one number a class, before softmax turns them into probabilities.",
         references.BOOK_NETWORKS),
    Term("softmax", "softmax",
         "Function that turns logits into probabilities: the exponential of each, divided by the "
         "sum of all.", references.BOOK_NETWORKS),
    Term("probability", "probability",
         "Number from 0 to 1 that the model gives to a class; those of all classes add up to 1.",
         references.BOOK_NETWORKS),
    Term("embedding", "embedding",
         "The vector of numbers by which a network describes an image; alike images lie near each "
         "other.", references.KORNBLITH),
    Term("t-sne", "t-SNE",
         "Method that draws vectors of many numbers as points on a plane, so that neighbours stay "
         "neighbours. Distances between groups mean little.", references.TSNE),
    Term("cam", "class-activation map",
         "Picture of how much each part of an image speaks for a class.", references.GRAD_CAM),
    # What a model is made of.
    Term("backbone", "backbone",
         "The network without its head: it turns an image into a vector of features.",
         references.KORNBLITH),
    Term("head", "head",
         "The last layers, which turn the backbone’s features into one logit for each class.",
         references.YOSINSKI),
    Term("feature-map", "feature map",
         "What one channel of a layer makes of an image: a grid of numbers, high where it finds "
         "what it responds to.", references.BOOK_CONVOLUTION),
    Term("channel", "channel",
         "One grid of numbers among those that make up an image or a layer’s output: red, green "
         "and blue at first, later one for each filter.", references.BOOK_CONVOLUTION),
    Term("stride", "stride",
         "Step, in pixels, from one window of a convolution to the next. A stride of 2 halves "
         "height and width.", references.DUMOULIN),
    Term("pooling", "pooling",
         "Taking one number for a window, or for a whole feature map: its mean or its maximum.",
         references.LIN),
    Term("parameters", "parameters",
         "The numbers of a model that training sets: weights and biases.",
         references.BOOK_NETWORKS, "parameters"),
    # How it is trained.
    Term("frozen", "frozen", "Said of layers whose parameters training leaves as they are.",
         references.YOSINSKI),
    Term("fine-tuning", "fine-tuning",
         "Training a network further that was trained on other images, most often at a low rate.",
         references.YOSINSKI),
    Term("epoch", "epoch", "One pass over all training images.", references.BOOK_OPTIMISATION),
    Term("batch", "batch",
         "Images that go through the network together; training takes one step for each batch.",
         references.BOOK_OPTIMISATION),
    Term("learning-rate", "learning rate",
         "Size of a training step: how far parameters move against the gradient.",
         references.BOOK_OPTIMISATION),
    Term("weight-decay", "weight decay",
         "Pulling parameters towards 0 a little at each step, against overfitting.",
         references.LOSHCHILOV),
    Term("early-stopping", "early stopping",
         "Ending training when the validation loss has not fallen for some epochs, and keeping the "
         "best epoch’s weights.", references.PRECHELT),
    Term("augmentation", "augmentation",
         "Random changes to training images, such as crops and flips, so that the model sees more "
         "variety.", references.SHORTEN),
    Term("normalisation", "normalisation",
         "Subtracting a mean from each channel of an image and dividing by a standard deviation, "
         "those that the weights were trained with.", references.TORCHVISION_NORMALISE),
    Term("seed", "seed",
         "Number that random draws start from; the same seed draws the same again.",
         references.PYTORCH_RANDOM),
    Term("split", "split",
         "Part of the images: for training, for choosing (validation) or for reporting (test). No "
         "image is in two.", references.BOOK_BASICS),
    Term("stratified", "stratified", "Drawn class by class, so that each keeps its share.",
         references.KOHAVI),
    # What it costs.
    Term("flops", "FLOPs",
         "Floating-point operations of one forward pass; a multiply-accumulate counts as two.",
         references.SZE, "flops"),
    Term("macs", "MACs",
         "Multiply-accumulates of one forward pass: a product added to a sum. Half the FLOPs.",
         references.SZE, "flops"),
    Term("latency", "latency", "Time that one image takes through the model.", references.MLPERF,
         "latency"),
    Term("throughput", "throughput", "Images a second, when they come in batches.",
         references.MLPERF, "throughput"),
    Term("pareto", "Pareto front",
         "The runs that no other beats in one respect without losing in another.",
         references.PARETO),
)  # fmt: skip

_BY_KEY = {term.key: term for term in TERMS}


def find(key: str) -> Term:
    """Return a term; templates know this as the filter `glossary`.

    Raises:
        KeyError: If there is no such term.
    """
    return _BY_KEY[key]
