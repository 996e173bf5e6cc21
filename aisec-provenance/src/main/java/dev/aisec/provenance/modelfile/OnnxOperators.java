// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.Map;
import java.util.Set;

/**
 * Operators of ONNX by domain.
 *
 * <p>Source: Changelog.md and Changelog-ml.md of ONNX, every version of every operator; ContribOperators.md of ONNX Runtime,
 * without those that load or run something else.
 */
final class OnnxOperators {
    private static final Map<String, Set<String>> KNOWN = Map.of(
            "ai.onnx", words("""
                    Abs Acos Acosh Add Affine AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention
                    AveragePool BatchNormalization Bernoulli BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr
                    BitwiseXor BlackmanWindow Caffe2ConvTranspose Cast CastLike CausalConvWithState Ceil Celu
                    CenterCropPad Clip Col2Im Compress Concat ConcatFromSequence Constant ConstantFill
                    ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh Crop CumProd CumSum DFT DeformConv
                    DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear DynamicSlice Einsum Elu
                    Equal Erf Exp Expand ExperimentalDetectronDetectionOutput
                    ExperimentalDetectronGenerateProposalsSingleImage ExperimentalDetectronPriorGridGenerator
                    ExperimentalDetectronROIFeatureExtractor ExperimentalDetectronTopKROIs EyeLike FC Flatten
                    FlexAttention Floor GRU GRUUnit Gather GatherElements GatherND Gelu Gemm GivenTensorFill
                    GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample
                    GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If
                    ImageDecoder ImageScaler InstanceNormalization IsInf IsNaN LRN LSTM LSTMUnit LayerNormalization
                    LeakyRelu Less LessOrEqual LinearAttention Log LogSoftmax Loop LoopIndexTensor LpNormalization
                    LpPool MatMul MatMulInteger Max MaxPool MaxPoolGrad MaxRoiPool MaxUnpool Mean
                    MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg
                    NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement
                    OptionalHasElement Or PRelu Pad ParametricSoftplus Pow QLinearConv QLinearMatMul QuantizeLinear
                    RMSNormalization RNN RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range
                    Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
                    ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence RoiAlign
                    RotaryEmbedding Round STFT Scale ScaledTanh Scan Scatter ScatterElements ScatterND Selu
                    SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength
                    SequenceMap Shape Shrink Sigmoid Sign SimplifiedLayerNormalization Sin Sinh Size Slice Softmax
                    SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth SpatialBN Split SplitToSequence Sqrt
                    Squeeze StringConcat StringNormalizer StringSplit Sub Sum SwiGLU Swish Tan Tanh TensorScatter
                    TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor
                    """),
            "ai.onnx.ml", words("""
                    ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer
                    LabelEncoder LinearClassifier LinearRegressor Normalizer OneHotEncoder SVMClassifier
                    SVMRegressor Scaler TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor ZipMap
                    """),
            "ai.onnx.preview", words("FlexAttention"),
            "ai.onnx.preview.training", words("Adagrad Adam Gradient GraphCall Momentum"),
            "ai.onnx.training", words("Adagrad Adam Gradient GraphCall Momentum"),
            "com.microsoft", words("""
                    Attention AttnLSTM BeamSearch BiasAdd BiasDropout BiasGelu BiasSoftmax BiasSplitGelu
                    BifurcationDetector BitmaskBiasDropout BitmaskDropout CDist CausalConvWithState ComplexMul
                    ComplexMulConj ConvTransposeWithDynamicPads CropAndResize DecoderAttention
                    DecoderMaskedMultiHeadAttention DecoderMaskedSelfAttention DequantizeBFP DequantizeLinear
                    DequantizeWithOrder DynamicQuantizeLSTM DynamicQuantizeMatMul DynamicTimeWarping
                    EmbedLayerNormalization EngramGate ExpandDims FastGelu FusedConv FusedGemm FusedMatMul
                    FusedMatMulActivation GatedAdd GatedDeltaNet GatedRMSNorm GatedRelativePositionBias
                    GatherBlockQuantized GatherND Gelu GemmFastGelu GemmFloat8 GemmaRotaryEmbedding GreedySearch
                    GridSample GroupNorm GroupQueryAttention Inverse Irfft IsAllFinite LinearAttention
                    LinearAttentionGate LongformerAttention MRotaryEmbedding MatMulBlockQuantizedFp4Weight
                    MatMulBlockQuantizedFp8Weight MatMulBnb4 MatMulFpQ4 MatMulInteger16 MatMulIntegerToFloat
                    MatMulNBits MatMulNBitsMlp MatMulNBitsQkv MaxpoolWithMask MoE MulInteger MultiHeadAttention
                    MurmurHash3 NGramHashMapping NGramRepeatBlock NhwcConv NhwcFusedConv NhwcMaxPool NhwcQLinearConv
                    PackedAttention PackedMultiHeadAttention Pad PagedAttention QAttention QEmbedLayerNormalization
                    QGemm QLinearAdd QLinearAveragePool QLinearConcat QLinearConv QLinearGlobalAveragePool
                    QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid QLinearSoftmax QLinearWhere QMoE
                    QOrderedAttention QOrderedGelu QOrderedLayerNormalization QOrderedLongformerAttention
                    QOrderedMatMul QuantizeBFP QuantizeLinear QuantizeWithOrder QuickGelu Range ReduceSumInteger
                    RelativePositionBias RemovePadding RestorePadding Rfft RotaryEmbedding Sampling
                    SimplifiedLayerNormalization SkipGroupNorm SkipLayerNormalization
                    SkipSimplifiedLayerNormalization SparseAttention SparseToDenseMatMul Tokenizer TorchEmbedding
                    TransposeMatMul Trilu UnfoldTensor Unique VarlenCausalConvWithState VarlenNGramHashMapping
                    WhisperBeamSearch WordConvEmbedding
                    """),
            "com.microsoft.nchwc",
                    words(
                            "Conv MaxPool AveragePool GlobalMaxPool GlobalAveragePool ReorderInput ReorderOutput Upsample"));

    /** Run code, load libraries or compiled parts, read other files or ask the network. */
    private static final Map<String, Set<String>> DANGEROUS = Map.of(
            "ai.onnx",
            words("ATen"),
            "org.pytorch.aten",
            words("ATen"),
            "com.microsoft",
            words("ATen EPContext ExternalGradient PythonOp PythonOpGrad Snpe TritonOp TorchScript"),
            "ai.onnx.contrib",
            words("AzureAudioToText AzureTextToText AzureTritonInvoker OpenAIAudioToText PyOp PyCustomOp"),
            "com.microsoft.extensions",
            words("AzureAudioToText AzureTextToText AzureTritonInvoker OpenAIAudioToText PyOp PyCustomOp"));

    private OnnxOperators() {}

    private static Set<String> words(String text) {
        return Set.of(text.strip().split("\\s+"));
    }

    static boolean standardDomain(String domain) {
        return domain.equals("ai.onnx") || domain.equals("ai.onnx.ml");
    }

    static Standing standing(String domain, String type) {
        if (KNOWN.getOrDefault(domain, Set.of()).contains(type)) {
            return Standing.KNOWN;
        }
        boolean dangerous = DANGEROUS.getOrDefault(domain, Set.of()).contains(type) || type.startsWith("PyOp");
        return dangerous ? Standing.DANGEROUS : Standing.UNKNOWN;
    }
}
