// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Names of Keras 1, 2 and 3 and of tf.keras that do nothing but build layers or compute numbers. Left out with intent:
 * {@code Lambda}, {@code TorchModuleWrapper}, {@code TFSMLayer}, {@code JaxLayer}, {@code FlaxLayer}, everything in
 * {@code utils}, {@code saving}, {@code config}, and operations that take a function.
 */
final class KerasNames {
    private static final Set<String> LAYERS = set(
            "Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention Average AveragePooling1D"
                    + " AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D AdaptiveAveragePooling1D"
                    + " AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D"
                    + " AdaptiveMaxPooling3D AtrousConvolution1D AtrousConvolution2D AtrousConv1D AtrousConv2D"
                    + " BatchNormalization BatchNormalizationV1 BatchNormalizationV2 Bidirectional CategoryEncoding"
                    + " CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose"
                    + " ConvLSTM1D ConvLSTM2D ConvLSTM3D ConvLSTM2DCell ConvRecurrent2D Convolution1D Convolution2D"
                    + " Convolution3D Convolution1DTranspose Convolution2DTranspose Convolution3DTranspose Cropping1D"
                    + " Cropping2D Cropping3D CuDNNGRU CuDNNLSTM Deconvolution2D Deconvolution3D Deconv2D Deconv3D Dense"
                    + " DenseFeatures DepthwiseConv1D DepthwiseConv2D DepthwiseConvolution2D Discretization Dot Dropout"
                    + " ELU EinsumDense Embedding Flatten FeatureSpace GRU GRUCell GRUV2 GaussianDropout GaussianNoise"
                    + " GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D"
                    + " GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D"
                    + " GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention"
                    + " GroupedQueryAttention HashedCrossing Hashing Highway Identity Input InputLayer InputSpec"
                    + " IntegerLookup LSTM LSTMCell LSTMV2 LayerNormalization LeakyReLU LocallyConnected1D"
                    + " LocallyConnected2D Masking MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D"
                    + " Maximum MaxoutDense MelSpectrogram Minimum MultiHeadAttention Multiply Normalization PReLU"
                    + " ParametricSoftplus Permute Pipeline RMSNormalization RNN RandomApply RandomBrightness"
                    + " RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform"
                    + " RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight RandomHue"
                    + " RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation"
                    + " RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom AutoContrast AugMix CutMix"
                    + " MixUp Equalization Solarization RandAugment MaxNumBoundingBoxes"
                    + " ContrastLimitedAdaptiveHistogramEqualization ReLU RepeatVector Rescaling"
                    + " Reshape Resizing ReversibleEmbedding STFTSpectrogram SReLU SeparableConv1D SeparableConv2D"
                    + " SeparableConvolution1D SeparableConvolution2D SimpleRNN SimpleRNNCell Softmax"
                    + " SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells"
                    + " StringLookup Subtract SyncBatchNormalization TextVectorization ThresholdedReLU"
                    + " ThresholdedLinear TimeDistributed TimeDistributedDense UnitNormalization UpSampling1D"
                    + " UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D Merge AddLoss AddMetric"
                    + " TFOpLambda SlicingOpLambda ClassMethod InstanceMethod InstanceProperty TensorFlowOpLayer"
                    + " RandomFourierFeatures Layer Wrapper BaseRandomLayer");
    private static final Set<String> MODELS = set("Functional Model Sequential Graph");
    private static final Set<String> ACTIVATIONS = set(
            "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear"
                    + " log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign"
                    + " sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold");
    private static final Set<String> INITIALIZERS =
            set("Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal"
                    + " LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT"
                    + " STFTInitializer TruncatedNormal VarianceScaling Zeros Initializer");
    private static final Set<String> INITIALIZER_FUNCTIONS =
            set("normal uniform zero one zeros ones constant identity eye orthogonal random_normal random_uniform"
                    + " truncated_normal glorot_normal glorot_uniform he_normal he_uniform lecun_normal lecun_uniform"
                    + " variance_scaling stft");
    private static final Set<String> REGULARIZERS =
            set("L1 L2 L1L2 L1_L2 OrthogonalRegularizer WeightRegularizer ActivityRegularizer Regularizer");
    private static final Set<String> REGULARIZER_FUNCTIONS =
            set("l1 l2 l1_l2 l1l2 orthogonal_regularizer activity_l1 activity_l2 activity_l1l2");
    private static final Set<String> CONSTRAINTS =
            set("MaxNorm MinMaxNorm NonNeg RadialConstraint UnitNorm Constraint");
    private static final Set<String> CONSTRAINT_FUNCTIONS =
            set("max_norm maxnorm min_max_norm non_neg nonneg radial_constraint unit_norm unitnorm");
    private static final Set<String> LOSSES =
            set("BinaryCrossentropy BinaryFocalCrossentropy CTC CategoricalCrossentropy CategoricalFocalCrossentropy"
                    + " CategoricalGeneralizedCrossEntropy CategoricalHinge Circle CosineSimilarity Dice Hinge Huber"
                    + " KLDivergence LogCosh Loss MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError"
                    + " MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge Tversky"
                    + " LossFunctionWrapper CategoricalGeneralizedCrossEntropy");
    private static final Set<String> LOSS_FUNCTIONS = set(
            "mse MSE mae MAE mape MAPE msle MSLE kld KLD bce BCE logcosh log_cosh huber_loss cosine cosine_proximity"
                    + " kullback_leibler_divergence kl_divergence binary_crossentropy binary_focal_crossentropy"
                    + " categorical_crossentropy categorical_focal_crossentropy categorical_generalized_cross_entropy"
                    + " categorical_hinge cosine_similarity ctc dice circle hinge huber mean_absolute_error"
                    + " mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error poisson"
                    + " sparse_categorical_crossentropy squared_hinge tversky");
    private static final Set<String> METRICS = set(
            "AUC Accuracy BinaryAccuracy BinaryCrossentropy BinaryIoU CategoricalAccuracy CategoricalCrossentropy"
                    + " CategoricalHinge ConcordanceCorrelation CosineSimilarity F1Score FBetaScore FalseNegatives"
                    + " FalsePositives Hinge IoU KLDivergence LogCoshError Mean MeanAbsoluteError"
                    + " MeanAbsolutePercentageError MeanIoU MeanMetricWrapper MeanRelativeError MeanSquaredError"
                    + " MeanSquaredLogarithmicError MeanTensor Metric OneHotIoU OneHotMeanIoU PearsonCorrelation"
                    + " Poisson Precision PrecisionAtRecall R2Score Recall RecallAtPrecision RootMeanSquaredError"
                    + " SensitivityAtSpecificity SparseCategoricalAccuracy SparseCategoricalCrossentropy"
                    + " SparseTopKCategoricalAccuracy SpecificityAtSensitivity SquaredHinge Sum SumOverBatchSize"
                    + " SumOverBatchSizeMetricWrapper TopKCategoricalAccuracy TrueNegatives TruePositives CompileMetrics");
    private static final Set<String> METRIC_FUNCTIONS =
            set("acc accuracy ce crossentropy cross_entropy binary_accuracy categorical_accuracy"
                    + " sparse_categorical_accuracy top_k_categorical_accuracy sparse_top_k_categorical_accuracy auc"
                    + " precision recall cosine_similarity matthews_correlation fbeta_score fmeasure");
    private static final Set<String> OPTIMIZERS = set(
            "MultiOptimizer OptimizerMap Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl LAMB Lamb Lion LossScaleOptimizer Muon Nadam Optimizer"
                    + " RMSprop SGD Schedule TFOptimizer ScheduleFreeAdamW"
                    + " CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay LearningRateSchedule"
                    + " LinearCosineDecay NoisyLinearCosineDecay PiecewiseConstantDecay PolynomialDecay");
    private static final Set<String> POLICIES =
            set("DTypePolicy DTypePolicyMap FloatDTypePolicy QuantizedDTypePolicy QuantizedFloat8DTypePolicy"
                    + " GPTQDTypePolicy AWQDTypePolicy Int4DTypePolicy Policy PolicyV1 LossScale FixedLossScale"
                    + " DynamicLossScale AbsMaxQuantizer Quantizer SeedGenerator"
                    + " QuantizationConfig Int8QuantizationConfig Int4QuantizationConfig Float8QuantizationConfig");
    private static final Set<String> OPS = set(
            "Abs Absolute Add All Amax Amin AdaptiveAveragePool AdaptiveMaxPool Angle Any Append Arange Arccos Arccosh"
                    + " Arcsin Arcsinh Arctan Arctan2 Arctanh Argmax Argmin Argpartition Argsort Array"
                    + " Average AveragePool BatchNorm BatchNormalization BinaryCrossentropy Bincount"
                    + " BitwiseAnd BitwiseInvert BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor"
                    + " BroadcastTo CTCDecode CTCLoss Cast CategoricalCrossentropy Cbrt Ceil Celu Cholesky"
                    + " CholeskyInverse Clip Concatenate Conj Conjugate Conv ConvTranspose ConvertToTensor Copy Corrcoef"
                    + " Correlate Cos Cosh CountNonzero Cross Cumprod Cumsum Deg2rad DepthwiseConv Det Diag Diagflat"
                    + " Diagonal Diff Digitize Divide DivideNoNan Dot DotProductAttention EditDistance Eig Eigh Einsum"
                    + " Elu EmptyLike Equal Erf Erfinv ExpandDims Exp Exp2 Expm1 ExtractSequences FFT FFT2 Flip Floor"
                    + " FloorDivide Full FullLike GaussianBlur Gcd Gelu GetItem Glu Greater GreaterEqual HSVToRGB"
                    + " HardShrink HardSigmoid HardSilu HardSwish HardTanh Heaviside Histogram Hstack Hypot IFFT2 IRFFT"
                    + " ISTFT Identity Imag InTopK Inner Inv IsClose Isclose Isfinite Isin Isinf Isnan Isneginf"
                    + " Isposinf Isreal Kaiser Kron Lcm Ldexp LayerNorm LeakyRelu Less LessEqual Linspace Log Log10"
                    + " Log1p Log2 LogSigmoid LogSoftmax Logaddexp Logaddexp2 LogicalAnd LogicalNot LogicalOr LogicalXor"
                    + " Logdet Logspace Logsumexp Lstsq LuFactor Matmul Max MaxPool Maximum Mean Median Meshgrid Min"
                    + " Minimum Mod Moments Moveaxis MultiHot Multiply NanToNum Ndim Negative Nonzero Norm Normalize"
                    + " NotEqual OneHot OnesLike Outer PSNR Pad Polar Power Prod Ptp QR Qr Quantile RFFT RGBToGrayscale"
                    + " RGBToHSV RMSNorm Ravel Rearrange Real Reciprocal Relu Relu6 Repeat Reshape Resize Roll Rot90 Round Rsqrt"
                    + " SVD Scatter ScatterUpdate Searchsorted SegmentMax SegmentSum Select Selu SeparableConv Shape"
                    + " Sigmoid Sign Signbit Silu Sin Sinc Sinh Size Slice SliceUpdate SoftShrink Softmax Softplus"
                    + " Softsign Solve SolveTriangular Sort SparseCategoricalCrossentropy SparsePlus SparseSigmoid"
                    + " Sparsemax Split Sqrt Square Squareplus Squeeze Stack STFT Std StopGradient Subtract Sum Svd"
                    + " Swapaxes Take TakeAlongAxis Tan Tanh TanhShrink Tensordot Threshold Tile TopK Trace Transpose"
                    + " Trapezoid Tri Tril Triu TrueDivide Trunc Unfold UnravelIndex Unstack Vander Var Vdot"
                    + " View ViewAsComplex ViewAsReal Vstack Where ZerosLike CropImages PadImages ExtractPatches"
                    + " ExtractPatches3D AffineTransform MapCoordinates PerspectiveTransform ElasticTransform"
                    + " ScaleAndTranslate Nansum Nanmean Nanmax Nanmin Nanprod AllClose ArraySplit Dsplit"
                    + " Dstack Fabs Fliplr Flipud Fmax Fmin Fmod Geomspace Hsplit I0 IsIn LeftShift Nanargmax Nanargmin"
                    + " Nancumprod Nancumsum Nanmedian Nanpercentile Nanquantile Nanstd Nanvar Nextafter Percentile"
                    + " Rad2deg RightShift SearchSorted Slogdet Unique Vsplit SaturateCast MatrixRank Pinv CDist Erfc"
                    + " SegmentMin SegmentProd SegmentReduction SSIM SobelEdges DepthToSpace SpaceToDepth Fold");
    /** Layers that models of {@code keras.applications} have of their own. */
    private static final Set<String> APPLICATIONS = set("LayerScale StochasticDepth CustomScaleLayer");
    /** Keys under which a path or an address makes a layer read a file. */
    private static final Set<String> FILE_KEYS = set(
            "vocabulary vocab vocabulary_file vocabulary_path vocab_file vocab_path idf_weights filepath file_path path"
                    + " filename file_name file url uri origin cache_dir cache_subdir asset_path model_path weights_path"
                    + " load_weights initializer_file proto merges extract_path directory saved_model_path preset");

    private static final Set<String> SCALAR_SIZES =
            set("units filters output_dim input_dim nb_filter num_heads key_dim value_dim state_size depth_multiplier"
                    + " max_tokens num_bins num_tokens input_length max_length output_sequence_length n factor");
    private static final Set<String> SHAPES = set(
            "batch_shape batch_input_shape input_shape target_shape shape dims build_shape kernel_size pool_size strides");

    /** First parts of modules that run code or reach out of the process. */
    private static final Set<String> DANGEROUS_ROOTS = set(
            "os posix nt subprocess sys builtins __builtin__ __builtins__ importlib imp runpy shutil socket ctypes code"
                    + " codeop pty pickle cPickle _pickle dill cloudpickle joblib marshal types operator functools"
                    + " webbrowser urllib requests http ftplib smtplib platform multiprocessing threading asyncio signal"
                    + " tempfile pathlib io glob timeit cProfile profile pdb bdb pip setuptools distutils commands popen2"
                    + " inspect ast gc atexit site zipimport pkgutil");

    private static final Set<String> DANGEROUS_FUNCTIONS =
            set("get_file load_model load_weights save_model save_weights enable_unsafe_deserialization"
                    + " deserialize_keras_object model_from_json model_from_yaml model_from_config clone_model eval exec"
                    + " compile system popen open __import__ getattr setattr import_module load loads run call Popen"
                    + " extract_archive extract_open_archive download func_load python_utils.func_load"
                    + " custom_object_scope get_custom_objects register_keras_serializable set_floatx set_backend"
                    + " TorchModuleWrapper TFSMLayer JaxLayer FlaxLayer disable_interactive_logging"
                    + " image_dataset_from_directory text_dataset_from_directory audio_dataset_from_directory load_img"
                    + " save_img py_function numpy_function");

    private static final Map<String, Set<String>> BY_CATEGORY = new HashMap<>();
    private static final Set<String> ALL_CLASSES = new HashSet<>();
    private static final Set<String> ALL_FUNCTIONS = new HashSet<>();

    static {
        BY_CATEGORY.put("", union(MODELS, POLICIES, LOSSES, METRICS, OPTIMIZERS, INITIALIZERS, set("InputSpec")));
        BY_CATEGORY.put("layers", union(LAYERS, MODELS));
        BY_CATEGORY.put("models", MODELS);
        BY_CATEGORY.put("engine", union(MODELS, LAYERS));
        BY_CATEGORY.put("activations", union(ACTIVATIONS, set("ReLU LeakyReLU Softmax Threshold Glu")));
        BY_CATEGORY.put("initializers", union(INITIALIZERS, INITIALIZER_FUNCTIONS));
        BY_CATEGORY.put("regularizers", union(REGULARIZERS, REGULARIZER_FUNCTIONS));
        BY_CATEGORY.put("constraints", union(CONSTRAINTS, CONSTRAINT_FUNCTIONS));
        BY_CATEGORY.put("losses", union(LOSSES, LOSS_FUNCTIONS));
        BY_CATEGORY.put("metrics", union(METRICS, METRIC_FUNCTIONS, LOSS_FUNCTIONS));
        BY_CATEGORY.put("optimizers", OPTIMIZERS);
        BY_CATEGORY.put("mixed_precision", union(POLICIES, set("LossScaleOptimizer")));
        BY_CATEGORY.put("dtype_policies", POLICIES);
        BY_CATEGORY.put("quantizers", POLICIES);
        BY_CATEGORY.put("random", set("SeedGenerator"));
        BY_CATEGORY.put("backend", set("SeedGenerator KerasTensor Variable"));
        Set<String> operations = new HashSet<>(OPS);
        for (String name : OPS) {
            operations.add(snake(name));
        }
        BY_CATEGORY.put("ops", operations);
        BY_CATEGORY.put("applications", APPLICATIONS);
        // Keras 3 writes operations without their module where it writes the format of Keras 2.
        ALL_CLASSES.addAll(OPS);
        BY_CATEGORY.put("legacy", union(LAYERS, LOSSES, OPTIMIZERS));
        for (Set<String> classes : List.of(
                LAYERS, MODELS, INITIALIZERS, REGULARIZERS, CONSTRAINTS, LOSSES, METRICS, OPTIMIZERS, POLICIES)) {
            ALL_CLASSES.addAll(classes);
            for (String name : classes) {
                ALL_FUNCTIONS.add(snake(name));
                ALL_FUNCTIONS.add(name.toLowerCase(Locale.ROOT));
                ALL_FUNCTIONS.add(name);
            }
        }
        for (Set<String> functions : List.of(
                ACTIVATIONS,
                INITIALIZER_FUNCTIONS,
                REGULARIZER_FUNCTIONS,
                CONSTRAINT_FUNCTIONS,
                LOSS_FUNCTIONS,
                METRIC_FUNCTIONS)) {
            ALL_FUNCTIONS.addAll(functions);
            ALL_CLASSES.addAll(functions);
        }
    }

    static {
        // Not the layer but the function of Python, if a loader looks for it among the builtins.
        ALL_FUNCTIONS.remove("input");
    }

    private KerasNames() {}

    private static Set<String> set(String names) {
        return new HashSet<>(List.of(names.split(" ")).stream().distinct().toList());
    }

    @SafeVarargs
    private static Set<String> union(Set<String>... sets) {
        Set<String> all = new HashSet<>();
        for (Set<String> set : sets) {
            all.addAll(set);
        }
        return all;
    }

    private static String snake(String name) {
        return name.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }

    static boolean layer(String simple) {
        return LAYERS.contains(simple) || MODELS.contains(simple);
    }

    static boolean model(String simple) {
        return MODELS.contains(simple);
    }

    /** Versions 2.11 and 2.12 of TensorFlow register their own optimizers like those of a user. */
    static boolean registeredOptimizer(String name) {
        return name.startsWith("Custom>") && OPTIMIZERS.contains(name.substring(7));
    }

    static boolean knownClass(String simple) {
        return ALL_CLASSES.contains(simple);
    }

    static boolean knownFunction(String simple) {
        return ALL_FUNCTIONS.contains(simple);
    }

    static boolean fileKey(String key) {
        return FILE_KEYS.contains(key.toLowerCase(Locale.ROOT));
    }

    static boolean sizeKey(String key) {
        return SCALAR_SIZES.contains(key);
    }

    static boolean shapeKey(String key) {
        return SHAPES.contains(key);
    }

    static boolean dangerous(String module, String simple) {
        String root = module.contains(".") ? module.substring(0, module.indexOf('.')) : module;
        return DANGEROUS_ROOTS.contains(root) || DANGEROUS_FUNCTIONS.contains(simple);
    }

    /** Whether a module belongs to Keras itself, under any of its roofs. */
    static boolean keras(String module) {
        return category(module) != null;
    }

    /** Whether a module is one that every loader has imported already. */
    static boolean own(String module) {
        return keras(module) || module.equals("builtins") || module.matches("(tensorflow|numpy|ml_dtypes)(\\..*)?");
    }

    /** Whether a class or function is on the list of just the part of Keras that the module names. */
    static boolean known(String module, String simple) {
        String category = category(module);
        return category != null && BY_CATEGORY.getOrDefault(category, Set.of()).contains(simple);
    }

    /** The part of Keras that a module names: {@code layers} of {@code keras.src.layers.core.dense}. */
    private static @Nullable String category(String module) {
        String[] parts = module.split("\\.", -1);
        int i = 0;
        if (parts[i].equals("tensorflow")) {
            i++;
            if (i < parts.length && parts[i].equals("python")) {
                i++;
            }
        }
        if (i >= parts.length || !parts[i].equals("keras") && !(i == 0 && parts[i].equals("tf_keras"))) {
            return null;
        }
        i++;
        while (i < parts.length
                && Set.of("src", "api", "_tf_keras", "keras", "_v1", "_v2").contains(parts[i])) {
            i++;
        }
        return i < parts.length ? parts[i] : "";
    }

    // --- functions and operators of TensorFlow within Keras layers ---

    private static final Set<String> TF_MODULES =
            set("math nn linalg signal bitwise __operators__ image dtypes strings");
    private static final Set<String> TF_FUNCTIONS = set(
            "abs acos acosh add add_n argmax argmin argsort asin asinh atan atan2 atanh batch_to_space boolean_mask"
                    + " broadcast_to cast ceil clip_by_norm clip_by_value complex concat convert_to_tensor cos cosh cumsum"
                    + " depth_to_space divide einsum ensure_shape equal erf exp expand_dims eye fill floor gather"
                    + " gather_nd greater greater_equal identity less less_equal linspace log logical_and logical_not"
                    + " logical_or matmul maximum meshgrid minimum multiply negative norm not_equal one_hot ones"
                    + " ones_like pad pow range rank realdiv reduce_all reduce_any reduce_logsumexp reduce_max"
                    + " reduce_mean reduce_min reduce_prod reduce_sum repeat reshape reverse roll round scatter_nd"
                    + " searchsorted sequence_mask shape sigmoid sign sin sinh size slice sort space_to_batch"
                    + " space_to_depth split sqrt square squeeze stack stop_gradient strided_slice subtract tan tanh"
                    + " tensordot tile transpose truediv truncatediv unique unstack where zeros zeros_like rsqrt"
                    + " tensor_scatter_nd_update tensor_scatter_nd_add to_float to_int32 to_int64 floordiv floormod"
                    + " space_to_batch_nd batch_to_space_nd extract_image_patches shape_n div mod scalar_mul dynamic_slice");
    private static final Set<String> TF_OPERATORS = set(
            "Abs Add AddN AddV2 All Any ArgMax ArgMin BatchMatMul BatchMatMulV2 BatchMatMulV3 BiasAdd BroadcastTo Cast"
                    + " Ceil ClipByValue Concat ConcatV2 Const Conv2D Cos Cumsum DepthToSpace Div DivNoNan Einsum Elu"
                    + " Equal Erf Exp ExpandDims Fill Floor FloorDiv FloorMod GatherNd GatherV2 Greater GreaterEqual"
                    + " Identity LeakyRelu Less LessEqual Log Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr MatMul"
                    + " Max MaxPool Maximum Mean Min Minimum MirrorPad Mul Neg NotEqual OneHot OnesLike Pack Pad PadV2"
                    + " Pow Prod Range Rank RealDiv Reciprocal Relu Relu6 Reshape ResizeBilinear ResizeNearestNeighbor"
                    + " ReverseV2 Round Rsqrt Select SelectV2 Selu Shape Sigmoid Sign Sin Size Slice Softmax Softplus"
                    + " Softsign SpaceToDepth Split SplitV Sqrt Square SquaredDifference Squeeze StopGradient"
                    + " StridedSlice Sub Sum Tan Tanh Tile TopKV2 Transpose Unpack Where ZerosLike");

    static Standing tensorFlowFunction(String name) {
        String plain = name;
        while (plain.startsWith("tf.") || plain.startsWith("compat.v1.") || plain.startsWith("compat.v2.")) {
            plain = plain.substring(plain.startsWith("tf.") ? 3 : 10);
        }
        int dot = plain.indexOf('.');
        if (dot < 0
                ? TF_FUNCTIONS.contains(plain)
                : TF_MODULES.contains(plain.substring(0, dot)) && plain.indexOf('.', dot + 1) < 0) {
            return Standing.KNOWN;
        }
        return plain.contains("py_func")
                        || plain.contains("numpy_function")
                        || plain.startsWith("io.")
                        || plain.startsWith("raw_ops.")
                        || plain.contains("load_")
                        || plain.startsWith("saved_model")
                        || plain.contains("file")
                ? Standing.DANGEROUS
                : Standing.UNKNOWN;
    }

    static Standing tensorFlowOperator(String name) {
        return TF_OPERATORS.contains(name)
                ? Standing.KNOWN
                : name.contains("PyFunc") || name.contains("File") || name.contains("Restore") || name.contains("Save")
                        ? Standing.DANGEROUS
                        : Standing.UNKNOWN;
    }
}
