"""Every section of the dashboard that inspired this site has its place on it.

On the left the headings of its text, in its order; on the right where a reader finds that here.
"""

import os
import re
from pathlib import Path

import pytest

SECTIONS = """
Pipeline                                  | pipeline/index.html
Image Input                               | pipeline/index.html#image
Preprocessing                             | pipeline/index.html#preprocessing
CNN Backbone                              | pipeline/index.html#backbone
Classifier Head                           | pipeline/index.html#head
Classification Results                    | pipeline/index.html#results

Input Image Pipeline                      | pipeline/input.html
Input Tensor Format                       | pipeline/input.html#tensor-format
Architecture-Specific Dimensions:         | pipeline/input.html#memory
Channel Ordering: PyTorch vs TensorFlow   | pipeline/input.html#channel-order
PyTorch (Channel-First)                   | pipeline/input.html#nchw
TensorFlow/Keras (Channel-Last)           | pipeline/input.html#nhwc
Conversion Between Frameworks:            | pipeline/input.html#conversion
PyTorch Dataset & DataLoader              | pipeline/input.html#loading
Custom Dataset Class                      | pipeline/input.html#dataset-class
Key Principles:                           | pipeline/input.html#loading-principles
DataLoader Configuration                  | pipeline/input.html#dataloader
batch_size                                | pipeline/input.html#dataloader-batch-size
shuffle                                   | pipeline/input.html#dataloader-shuffle
num_workers                               | pipeline/input.html#dataloader-num-workers
pin_memory                                | pipeline/input.html#dataloader-pin-memory
Image Preprocessing Pipeline              | pipeline/preprocessing.html#steps
Resize                                    | pipeline/preprocessing.html#resize
Center Crop                               | pipeline/preprocessing.html#crop
To Tensor                                 | pipeline/preprocessing.html#to-tensor
Normalize                                 | pipeline/preprocessing.html#normalise
Complete Preprocessing Pipeline:          | pipeline/preprocessing.html#transforms
Additional Topics                         | pipeline/input.html#documentation
Data Augmentation                         | pipeline/preprocessing.html#augmentation
Memory Optimization                       | pipeline/input.html#memory-advice
PyTorch Documentation                     | pipeline/input.html#documentation

Preprocessing Pipeline                    | pipeline/preprocessing.html
Image Resizing & Standardization          | pipeline/preprocessing.html#steps
Objective                                 | pipeline/preprocessing.html#steps
Resize to Standard Size                   | pipeline/preprocessing.html#resize
Center Crop to Target Size                | pipeline/preprocessing.html#crop
Convert to Tensor                         | pipeline/preprocessing.html#to-tensor
Result:                                   | pipeline/preprocessing.html#result
Data Augmentation                         | pipeline/preprocessing.html#augmentation
Objective                                 | pipeline/preprocessing.html#augmentation-why
Implementation Methods                    | pipeline/preprocessing.html#augmentation
Geometric Transforms                      | pipeline/preprocessing.html#augmentation-geometry
Color Transforms                          | pipeline/preprocessing.html#augmentation-colour
Important Notes:                          | pipeline/preprocessing.html#augmentation-rules
Complete Augmentation Pipeline:           | pipeline/preprocessing.html#augmentation-pipeline
Data Normalization                        | pipeline/preprocessing.html#normalisation
Objective                                 | pipeline/preprocessing.html#normalisation-why
Implementation                            | pipeline/preprocessing.html#normalisation
Normalization Formula:                    | pipeline/preprocessing.html#normalisation-formula
Model-Specific Statistics:                | pipeline/preprocessing.html#normalisation-constants
ImageNet Standard (ResNet, VGG, DenseNet) | pipeline/preprocessing.html#normalisation-constants
EfficientNet (timm)                       | pipeline/preprocessing.html#normalisation-constants
Vision Transformer (ViT)                  | pipeline/preprocessing.html#normalisation-constants
ConvNeXt (timm)                           | pipeline/preprocessing.html#normalisation-constants
MobileNetV3 (timm)                        | pipeline/preprocessing.html#normalisation-constants
Custom Dataset                            | pipeline/preprocessing.html#normalisation-of-a-dataset
Using timm Library:                       | pipeline/preprocessing.html#timm-transforms
How to Calculate Mean & Std:              | pipeline/preprocessing.html#statistics
1. From Training Set Only                 | pipeline/preprocessing.html#statistics
2. Not from Entire Dataset                | pipeline/preprocessing.html#statistics-training-only
Complete Normalization Example:           | pipeline/preprocessing.html#normalisation-example
Best Practices                            | pipeline/preprocessing.html#advice
Training vs Validation                    | pipeline/preprocessing.html#advice-training
Performance                               | pipeline/preprocessing.html#advice-speed
Implementation                            | pipeline/preprocessing.html#advice-implementation

CNN Backbone Architecture                 | pipeline/backbone.html
Feature Extraction and Transformation     | pipeline/backbone.html#features
Input Processing                          | pipeline/backbone.html#features
Input Tensor                              | pipeline/backbone.html#shapes
CNN Backbone Processing                   | pipeline/backbone.html#convolution
Output Features                           | pipeline/backbone.html#shapes
Convolutional Layer Details               | pipeline/backbone.html#parameters
ResNet50 Example                          | pipeline/backbone.html#parameters
EfficientNet-B0 Example                   | pipeline/backbone.html#depthwise
Key Points:                               | pipeline/backbone.html#key-points
Popular Classification Models             | pipeline/backbone.html#families
ResNet Family                             | pipeline/backbone.html#family-resnet
EfficientNet Family                       | pipeline/backbone.html#family-efficientnet
MobileNet Family                          | pipeline/backbone.html#family-mobilenet
Vision Transformers                       | pipeline/backbone.html#family-transformers
Transfer Learning                         | pipeline/backbone.html#transfer
Design Principles                         | pipeline/backbone.html#transfer-principles
a) Reuse Pre-trained Features             | pipeline/backbone.html#transfer-reuse
b) Replace Classifier Head                | pipeline/backbone.html#transfer-head
Advantages of Transfer Learning:          | pipeline/backbone.html#transfer-why
Training Strategy Selection:              | pipeline/backbone.html#strategies
c.1 Freeze Backbone                       | pipeline/backbone.html#strategy-frozen
c.2 Partial Freezing                      | pipeline/backbone.html#strategy-partial
c.3 Full Fine-tuning                      | pipeline/backbone.html#strategy-full
c.4 Train from Scratch                    | pipeline/backbone.html#strategy-scratch
Transfer Learning Implementation          | pipeline/backbone.html#implementation
Strategy c.1: Freeze Backbone (TorchVision) | pipeline/backbone.html#torchvision
Strategy c.1: Freeze Backbone (timm)      | pipeline/backbone.html#timm
TorchVision vs timm:                      | pipeline/backbone.html#torchvision-or-timm

Classifier Head                           | pipeline/head.html
Classifier Head Overview                  | pipeline/head.html#overview
Definition & Purpose                      | pipeline/head.html#overview
What is a Classifier Head?                | pipeline/head.html#overview
Input: Features from Backbone             | pipeline/head.html#shapes
Processing: Classifier Head               | pipeline/head.html#shapes
Output: Class Predictions                 | pipeline/head.html#shapes
Architecture Components                   | pipeline/head.html#components
Global Average Pooling (GAP)              | pipeline/head.html#pooling
Fully Connected Layers                    | pipeline/head.html#linear
Activation Functions                      | pipeline/head.html#activations
Design Strategies                         | pipeline/head.html#heads
Simple Classifier                         | pipeline/head.html#head-linear
Multi-layer Classifier                    | pipeline/head.html#head-mlp
Custom Classifier                         | pipeline/head.html#head-deep
Implementation Examples                   | pipeline/head.html#implementation
TorchVision Models                        | pipeline/head.html#torchvision
timm Models                               | pipeline/head.html#timm
Custom Classifier                         | pipeline/head.html#custom
Training Strategies                       | pipeline/head.html#training
Freeze Backbone                           | pipeline/head.html#training-frozen
Fine-tune Backbone                        | pipeline/head.html#training-full
Progressive Unfreezing                    | pipeline/head.html#training-progressive
Best Practices                            | pipeline/head.html#advice
Design Principles                         | pipeline/head.html#advice-design
Implementation Tips                       | pipeline/head.html#advice-implementation
Debugging                                 | pipeline/head.html#debugging

Classification Results                    | pipeline/results.html
Quick Summary                             | pipeline/results.html#summary
Best Performing Model                     | pipeline/results.html#best
Performance Range                         | pipeline/results.html#range
Fastest Model                             | pipeline/results.html#fastest
Key Insights                              | pipeline/results.html#insights
What Worked                               | pipeline/results.html#worked
What Didn't Work                          | pipeline/results.html#did-not-work
Key Takeaways                             | pipeline/results.html#takeaways
Detailed Analysis                         | pipeline/results.html#details
Model Comparison                          | pipeline/results.html#details
Feature Maps Explorer                     | pipeline/results.html#details
Configuration                             | pipeline/results.html#details
Recommendations                           | pipeline/results.html#recommendations
For Best Accuracy                         | pipeline/results.html#for-accuracy
For Mobile Deployment                     | pipeline/results.html#for-mobile
For Balanced Performance                  | pipeline/results.html#for-balance

Model Comparison                          | compare.html#comparison
Classification Metrics Formulas           | formulas.html
Basic Classification Metrics              | formulas.html#one-class
Accuracy                                  | formulas.html#accuracy
Precision                                 | formulas.html#precision
Recall                                    | formulas.html#recall
F1-Score                                  | formulas.html#f1
Top-5 Accuracy                            | formulas.html#top-k
Averaging Methods                         | formulas.html#whole-run
Macro Average                             | formulas.html#macro
Weighted Average                          | formulas.html#weighted
Resource Metrics                          | formulas.html#cost
FLOPs (Floating Point Operations)         | formulas.html#flops
Model Visualizations                      | feature-maps.html
Feature Maps Explorer                     | feature-maps.html
Learning Curves                           | curves.html
Model Architecture                        | architectures.html

Model Configurations                      | configuration.html
Training Configuration                    | configuration.html#training
Transfer Learning Strategy                | configuration.html#strategy
Hyperparameters                           | configuration.html#training
Data Configuration                        | configuration.html#images
Dataset Split                             | configuration.html#images
Image Preprocessing                       | configuration.html#preprocessing
Data Augmentation                         | configuration.html#augmentation
Model Architectures                       | configuration.html#networks
Evaluation Configuration                  | configuration.html#scores
Metrics & Hardware                        | configuration.html#hardware
Confusion Matrix                          | compare.html#comparison
"""

PLACES = [
    tuple(part.strip() for part in line.rsplit("|", 1)) for line in SECTIONS.split("\n") if line
]
REFERENCE = Path(os.environ.get("BAKEOFF_REALDATA", "")) / "reference" / "inspiration.txt"


@pytest.mark.parametrize(("heading", "address"), PLACES)
def test_a_section_has_its_place(walked_site: Path, heading: str, address: str) -> None:
    page, _, place = address.partition("#")
    assert (walked_site / page).is_file(), f"{heading}: no {page}"
    if place:
        html = (walked_site / page).read_text(encoding="utf-8")
        assert f' id="{place}"' in html, f"{heading}: no #{place} on {page}"


@pytest.mark.realdata
def test_no_section_of_the_text_is_forgotten() -> None:
    text = REFERENCE.read_text(encoding="utf-8").split("\n")
    # A heading has a picture before it; others stand alone in the text.
    pictured = [
        found[1].strip()
        for line in text
        if (found := re.match(r"[^\w\s(•\\#@'})\]-]+\s+(\w.{,60})$", line))
    ]
    listed = [heading for heading, _ in PLACES]
    assert len(pictured) > 80
    assert [heading for heading in pictured if heading not in listed] == []
    plain = {re.sub(r"^\W+\s", "", line).strip() for line in text}
    assert [heading for heading in listed if heading not in plain] == []
