// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The operators of SameDiff that only compute. Those that print are not on the list. A custom operator is stored as a name
 * and as the hash of a name; the loader goes by the hash, so both must fit.
 *
 * <p>Source: the operators that ND4J 1.0.0-M2.1 registers, natively and in Java.
 */
final class SameDiffOps {
    private static final String CUSTOM = """
        Assert Floor Log1p Pow Pow_bp Switch Where absolute_difference_loss absolute_difference_loss_grad
        ada_delta_updater ada_grad_updater ada_max_updater adabelief_updater adam_updater add add_bp
        adjust_contrast adjust_contrast_v2 adjust_hue adjust_saturation alpha_dropout_bp ams_grad_updater
        apply_sgd argamax argamin argmax argmin assign assign_bp avgpool2d avgpool2d_bp avgpool3dnew
        avgpool3dnew_bp axpy barnes_edge_forces barnes_gains barnes_symmetrized batch_to_space
        batch_to_space_nd batched_gemm batchnorm batchnorm_bp betainc biasadd biasadd_bp bincount bitcast
        bits_hamming_distance bitwise_and bitwise_or bitwise_xor boolean_and boolean_not boolean_or
        boolean_xor broadcast_dynamic_shape broadcast_to broadcastgradientargs cast cbow cell_contains
        check_numerics cholesky choose clip_by_global_norm clipbyavgnorm clipbyavgnorm_bp clipbynorm
        clipbynorm_bp clipbyvalue clone_list col2im compare_and_bitpack compat_sparse_to_dense
        compat_string_split concat concat_bp confusion_matrix conv1d conv1d_bp conv2d conv2d_bp
        conv2d_input_bp conv3dnew conv3dnew_bp cosine_distance_loss cosine_distance_loss_grad create
        create_list create_view crelu crelu_bp crop_and_resize cross ctc_beam ctc_loss ctc_loss_grad cube
        cube_bp cumprod cumprod_bp cumsum cumsum_bp cyclic_rshift_bits cyclic_shift_bits decode_bitmap
        decode_threshold deconv2d deconv2d_bp deconv2d_tf deconv3d deconv3d_bp delete_list depth_to_space
        depthwise_conv2d depthwise_conv2d_bp diag diag_part digamma dilation2d divide divide_bp
        divide_no_nan dot_product_attention dot_product_attention_bp draw_bounding_boxes dropout dropout_bp
        dynamic_bidirectional_rnn dynamic_partition dynamic_partition_bp dynamic_rnn dynamic_stitch eig elu
        elu_bp embedding_lookup encode_bitmap encode_threshold eq_scalar equals evaluate_reduction_shape
        expand_dims expose extract_image_patches eye fake_quant_with_min_max_vars
        fake_quant_with_min_max_vars_per_channel fill fill_as firas_sparse flatten flatten_2d floordiv
        floordiv_bp floormod floormod_bp fused_batch_norm gather gather_list gather_nd get_seed greater
        greater_equal gru gruCell gruCell_bp gru_bp gt_scalar gte_scalar hardsigmoid hardsigmoid_bp hardtanh
        hardtanh_bp hashcode hinge_loss hinge_loss_grad histogram histogram_fixed_width hsv_to_rgb
        huber_loss huber_loss_grad identity identity_bp identity_n igamma igammac im2col im2col_bp
        image_resize in_top_k invert_permutation invoke is_non_decreasing is_numeric_tensor
        is_strictly_increasing ismax knn_mindistance l2_loss layer_norm layer_norm_bp less less_equal lgamma
        lin_space listdiff log_loss log_loss_grad log_matrix_determinant log_poisson_loss
        log_poisson_loss_grad log_softmax log_softmax_bp logdet lrelu lrelu_bp lrn lrn_bp lstm lstmBlock
        lstmBlockCell lstmCell lstmLayer lstmLayerCell lstmLayerCellBp lstmLayer_bp lstsq lt_scalar
        lte_scalar lu matmul matmul_bp matrix_band_part matrix_determinant matrix_diag matrix_diag_part
        matrix_inverse matrix_set_diag max_pool_with_argmax maximum maximum_bp maxpool2d maxpool2d_bp
        maxpool3dnew maxpool3dnew_bp mean_pairwssqerr_loss mean_pairwssqerr_loss_grad mean_sqerr_loss
        mean_sqerr_loss_grad mergeadd mergeadd_bp mergeavg mergeavg_bp mergemax mergemax_bp mergemaxindex
        meshgrid min_max_datatype minimum minimum_bp mirror_pad mod mod_bp moments
        multi_head_dot_product_attention multi_head_dot_product_attention_bp multiply multiply_bp
        nadam_updater neq_scalar nesterovs_updater non_max_suppression non_max_suppression_overlaps
        non_max_suppression_v3 noop norm normalize_moments not_equals nth_element onehot ones_as order pad
        parallel_stack percentile permute pick_list pnormpool2d pnormpool2d_bp pointwise_conv2d polygamma
        prelu prelu_bp qr random_bernoulli random_crop random_exponential random_gamma random_multinomial
        random_normal random_poisson random_shuffle randomuniform range rank rationaltanh rationaltanh_bp
        read_list realdiv realdiv_bp rectifiedtanh rectifiedtanh_bp reduce_dot_bp reduce_logsumexp
        reduce_max reduce_max_bp reduce_mean reduce_mean_bp reduce_min reduce_min_bp reduce_norm1
        reduce_norm1_bp reduce_norm2 reduce_norm2_bp reduce_norm_max reduce_norm_max_bp reduce_prod
        reduce_prod_bp reduce_sqnorm reduce_sqnorm_bp reduce_stdev reduce_stdev_bp reduce_sum reduce_sum_bp
        reduce_variance reduce_variance_bp relu relu6 relu6_bp relu_bp relu_layer repeat reshape reshapeas
        resize_area resize_bicubic resize_bilinear resize_images resize_nearest_neighbor reverse reverse_bp
        reverse_sequence reversedivide reversedivide_bp reversemod reversemod_bp reversesubtract
        reversesubtract_bp rgb_to_grs rgb_to_hsv rgb_to_yiq rgb_to_yuv rint rms_prop_updater roll
        rshift_bits scatter_add scatter_div scatter_list scatter_max scatter_min scatter_mul scatter_nd
        scatter_nd_add scatter_nd_sub scatter_nd_update scatter_sub scatter_upd scatter_update sconv2d
        sconv2d_bp segment_max segment_max_bp segment_mean segment_mean_bp segment_min segment_min_bp
        segment_prod segment_prod_bp segment_sum segment_sum_bp select selu selu_bp sequence_mask set_seed
        set_shape sgd_updater shape_of shapes_of shift_bits sigm_cross_entropy_loss
        sigm_cross_entropy_loss_grad sigmoid sigmoid_bp size size_at size_list skipgram slice slice_bp
        softmax softmax_bp softmax_cross_entropy_loss softmax_cross_entropy_loss_grad
        softmax_cross_entropy_loss_with_logits softmax_cross_entropy_loss_with_logits_grad softplus
        softplus_bp softsign softsign_bp solve solve_ls space_to_batch space_to_batch_nd space_to_depth
        sparse_softmax_cross_entropy_loss_with_logits sparse_softmax_cross_entropy_loss_with_logits_grad
        split split_list split_string split_v sqrtm square squaredsubtract squaredsubtract_bp squeeze sru
        sruCell sru_bi sru_bi_bp sru_bp stack stack_list standardize standardize_bp static_bidirectional_rnn
        static_rnn stop_gradient strided_slice strided_slice_bp subtract subtract_bp sufficient_statistics
        svd tanh tanh_bp tear tensormmul tensormmul_bp tf_atan2 thresholdedrelu thresholdedrelu_bp tile
        tile_bp tile_to_shape tile_to_shape_bp to_double to_float16 to_float32 to_int32 to_int64 to_uint32
        to_uint64 toggle_bits top_k trace transpose tri triangular_solve triu triu_bp truncatediv unique
        unique_with_counts unsorted_segment_max unsorted_segment_max_bp unsorted_segment_mean
        unsorted_segment_mean_bp unsorted_segment_min unsorted_segment_min_bp unsorted_segment_prod
        unsorted_segment_prod_bp unsorted_segment_sqrt_n unsorted_segment_sqrt_n_bp unsorted_segment_sum
        unsorted_segment_sum_bp unstack unstack_list upsampling2d upsampling2d_bp upsampling3d
        upsampling3d_bp weighted_cross_entropy_with_logits where_np write_list xw_plus_b xw_plus_b_bp
        yiq_to_rgb yuv_to_rgb zero_fraction zeros_as zeta
        """;

    /** Names with the operator that they are another name of. */
    private static final String SYNONYMS = """
        ApplyGradientDescent=apply_sgd AvgPool2D=avgpool2d AvgPool=avgpool2d BetaInc=betainc
        BiasAddGrad=biasadd_bp BitCast=bitcast BroadcastGradientArgs=broadcastgradientargs Cast=cast
        ClipByValue=clipbyvalue DiagPart=diag_part Div=divide Enter=expose Equals=eq_scalar
        GreaterOrEquals=gte_scalar InvertPermutation=invert_permutation IsMax=ismax LessOrEquals=lte_scalar
        LinearGrad=identity_bp MatrixDiag=diag MatrixSetDiag=matrix_set_diag MatrixSolveLs=lstsq
        MaxPool2D=maxpool2d MaxPool2D_bp=maxpool2d_bp MaxPool=maxpool2d MaxPool_bp=maxpool2d_bp
        MergeMax=mergemax MergeMaxIndex=mergemaxindex Mul=multiply NotEquals=neq_scalar Pack=stack
        ParallelConcat=concat PnormPool2D=pnormpool2d PnormPool=pnormpool2d PolyGamma=polygamma
        RDiv=reversedivide RSub=reversesubtract RealDiv=realdiv ReluGrad=relu_bp ScatterAdd=scatter_add
        ScatterDiv=scatter_div ScatterMax=scatter_max ScatterMin=scatter_min ScatterMul=scatter_mul
        ScatterSub=scatter_sub ScatterUpdate=scatter_upd SoftplusGrad=softplus_bp SoftsignGrad=softsign_bp
        StopGradient=stop_gradient Sub=subtract TanhGrad=tanh_bp TensorArrayConcatV3=stack_list
        TensorArrayCreateV3=create_list TensorArrayGatherV3=gather_list TensorArrayIdentityV3=clone_list
        TensorArrayReadV3=read_list TensorArrayScatterV3=scatter_list TensorArraySizeV3=size_list
        TensorArraySplitV3=split_list TensorArrayV3=create_list TensorArrayWriteV3=write_list
        TestOp2i2o=testop2i2o Zeta=zeta accumulate_n=mergeadd accumulaten=mergeadd add_n=mergeadd
        addn=mergeadd avgpool=avgpool2d band_part=matrix_band_part betaInc=betainc bias_add=biasadd
        concat_v2=concat concatv2=concat copy=assign dot=matmul enter=expose equal=equals
        fake_quant_with_min_max_args=fake_quant_with_min_max_vars
        fake_quant_with_min_max_args_per_channel=fake_quant_with_min_max_vars_per_channel fill_like=fill_as
        filllike=fill_as floor=Floor gemm=matmul gemv=matmul greaterOrEquals=gte_scalar if=Switch
        lessorequals=lte_scalar linear=identity local_response_normalization=lrn log1p=Log1p mMul=matmul
        maxpool=maxpool2d mergesum=mergeadd mmul=matmul notequals=neq_scalar pack=stack
        pnormpool=pnormpool2d polyGamma=polygamma randomnormal=random_normal reshape_as=reshapeas
        reverse_v2=reverse scatterupdate=scatter_update set=assign shape=shape_of shape_n=shapes_of
        squareddifference=squaredsubtract stridedslice=strided_slice sub=subtract switch=Switch
        tensorarrayconcatv3=stack_list tensorarraycreatev3=create_list tensorarraygatherv3=gather_list
        tensorarrayidentityv3=clone_list tensorarrayreadv3=read_list tensorarrayscatterv3=scatter_list
        tensorarraysizev3=size_list tensorarraysplitv3=split_list tensorarrayv3=create_list
        tensorarraywritev3=write_list tensordot=tensormmul unpack=unstack upsampling=upsampling2d
        upsampling_bp=upsampling2d_bp zeros_like=zeros_as zeroslike=zeros_as
        """;

    /** Operators of Java, of the kinds that are stored by a number of their kind. */
    private static final String OTHERS = """
        Assert BinaryMinimalRelativeError BinaryRelativeError BroadcastGradientArgs ClipByValue
        ExternalErrorsFn ParallelConcat Pow Pow_bp Reciprocal RelativeError Where While _geluderivative
        _mishderivative _powderivative _precise_geluderivative _sigmoidderivative _swishderivative
        _tanhderivative abs absolute_difference_loss absolute_difference_loss_grad acos acosh
        ada_delta_updater ada_grad_updater ada_max_updater adabelief_updater adam_updater add add_bp
        add_scalar adjust_contrast_v2 adjust_hue adjust_saturation all alpha_dropout amax amax_pairwise
        amean amin amin_pairwise ams_grad_updater and and_scalar any applygradientdescent argamax argamin
        argmax argmin asin asinh assign asum atan atanh avgpool3dnew axpy barnes_edge_forces barnes_gains
        barnes_symmetrized batch_to_space batch_to_space_nd batched_gemm batchnorm batchnorm_bp betainc
        biasadd biasadd_bp bincount bitcast bits_hamming_distance bitwise_and bitwise_or bitwise_xor
        bool_not boolean_and boolean_not boolean_or boolean_xor broadcast_amax broadcast_amin
        broadcast_dynamic_shape broadcast_equalto broadcast_greaterthan broadcast_greaterthanorequal
        broadcast_lessthan broadcast_lessthanorequal broadcast_max broadcast_min broadcast_notequal
        broadcast_to broadcastadd broadcastcopy broadcastdiv broadcastmul broadcastrdiv broadcastrsub
        broadcastsub car cas cast cbow ceil cell_contains check_numerics choice cholesky choose
        clipbyavgnorm clipbynorm clipbynorm_bp col2im compare_and_bitpack compat_sparse_to_dense
        compat_string_split concat concat_bp confusion_matrix conv1d conv1d_bp conv2d conv2d_bp conv3dnew
        conv3dnew_bp copy cos cosh cosine_distance_loss cosine_distance_loss_grad cosinedistance
        cosinesimilarity countNonZero countZero create create_list create_view crelu crelu_bp
        crop_and_resize cross ctc_loss ctc_loss_grad cube cube_bp cubederivative cumprod cumprod_bp cumsum
        cumsum_bp cyclic_rshift_bits cyclic_shift_bits decode_bitmap decode_threshold deconv2d deconv2d_bp
        deconv2d_tf deconv3d deconv3d_bp deconv3d_tf delete_list depth_to_space depthwise_conv2d
        depthwise_conv2d_bp diag diag_part digamma dilation2d distribution_bernoulli distribution_binomial
        distribution_binomial_ex distribution_gaussian distribution_lognormal distribution_truncated
        distribution_uniform div_scalar divide divide_bp divide_no_nan dot dot_product_attention
        dot_product_attention_bp draw_bounding_boxes dropout dropout_inverted dynamic_partition
        dynamic_partition_bp dynamic_stitch eig elu elu_bp embedding_lookup encode_bitmap encode_threshold
        enter entropy eps eps_scalar equals equals_scalar equals_with_eps erf erfc euclidean
        evaluate_reduction_shape exit exp expand_dims expm1 extract_image_patches eye
        fake_quant_with_min_max_args fake_quant_with_min_max_vars fake_quant_with_min_max_vars_per_channel
        fill first_index flatten flatten_2d floor floordiv floordiv_bp floormod floormod_bp fmod fmod_scalar
        fused_batch_norm gather gather_list gather_nd gelu gradientbackwards greater greater_equal
        greaterthan_scalar greaterthanorequal_scalar grid_free gru gruCell gru_bp hammingdistance
        hard_sigmoid hard_sigmoidderivative hardsigmoid_bp hardtanh hardtanh_bp hardtanhderivative hashcode
        hasinf hasnan hinge_loss hinge_loss_grad histogram histogram_fixed_width hsv_to_rgb huber_loss
        huber_loss_grad identity identity_n igamma igammac im2col im2col_bp image_resize in_top_k
        invert_permutation invoke is_non_decreasing is_numeric_tensor is_strictly_increasing isfinite isinf
        ismax isnan jaccarddistance knn_mindistance l2_loss last_index layer_norm layer_norm_bp leakyrelu
        leakyreluderivative less less_equal lessthan_scalar lessthanorequal_scalar lgamma lin_space
        linspace_random listdiff log log1p log_loss log_loss_grad log_matrix_determinant log_poisson_loss
        log_poisson_loss_grad log_softmax log_softmax_bp log_x logdet logentropy logsigmoid loop_cond
        lrelu_bp lrn lrn_bp lstmBlock lstmBlockCell lstmCell lstmLayer lstmLayer_bp lstsq lu manhattan
        match_condition match_condition_transform matmul matmul_bp matrix_band_part matrix_determinant
        matrix_diag matrix_diag_part matrix_inverse matrix_set_diag max_pairwise max_pool_with_argmax
        max_scalar maximum maximum_bp maxout maxpool3dnew mean_pairwssqerr_loss mean_pairwssqerr_loss_grad
        mean_sqerr_loss mean_sqerr_loss_grad merge mergeadd mergeadd_bp mergeavg mergeavg_bp mergemax
        mergemax_bp mergemaxindex mergesum meshgrid meta_postulate meta_predicate meta_predicate_inverted
        meta_reduce min_max_datatype min_pairwise minimum mirror_pad mish mod mod_bp moments mul_scalar
        multi_head_dot_product_attention multi_head_dot_product_attention_bp multiply multiply_bp
        nadam_updater neg nesterovs_updater next_iteration non_max_suppression non_max_suppression_overlaps
        non_max_suppression_v3 noop normalize_moments not not_equals not_scalar notequals_scalar nth_element
        old_assign onehot oneminus ones_as or or_scalar pad parallel_stack permute polygamma pow
        pow_pairwise precise_gelu prelu prelu_bp probablistic_merge qr random_bernoulli random_crop
        random_exponential random_gamma random_multinomial random_normal random_poisson random_shuffle
        randomnormal randomuniform range rank rational_tanh rational_tanh_derivative rationaltanh_bp
        rdiv_scalar read_list realdiv rectified_tanh rectified_tanh_derivative rectifiedtanh_bp
        reduce_dot_bp reduce_logsumexp reduce_max reduce_max_bp reduce_mean reduce_mean_bp reduce_min
        reduce_min_bp reduce_norm1 reduce_norm1_bp reduce_norm2 reduce_norm2_bp reduce_norm_max_bp
        reduce_normmax reduce_prod reduce_prod_bp reduce_sqnorm reduce_sqnorm_bp reduce_stdev_bp reduce_sum
        reduce_sum_bp reduce_variance_bp relu relu6 relu6_bp relu_bp relu_layer remainder remainder_scalar
        repeat replace_nans reshape resize_area resize_bicubic resize_bilinear resize_nearest_neighbor
        reverse reverse_bp reverse_sequence reverse_v2 reversedivide reversedivide_bp reversesubtract
        reversesubtract_bp rgb_to_grs rgb_to_hsv rgb_to_yiq rgb_to_yuv rint rms_prop_updater roll round
        rshift_bits rsqrt rsub_scalar scalar_min scatter_add scatter_div scatter_list scatter_max
        scatter_min scatter_mul scatter_nd scatter_nd_add scatter_nd_sub scatter_nd_update scatter_sub
        scatter_update sconv2d sconv2d_bp segment_max segment_max_bp segment_mean segment_mean_bp
        segment_min segment_min_bp segment_prod segment_prod_bp segment_sum segment_sum_bp select selu
        selu_bp seluderivative sequence_mask set set_scalar set_shape setrange setvalorless_scalar
        sgd_updater shannonentropy shape_of shapes_of shift_bits sigm_cross_entropy_loss
        sigm_cross_entropy_loss_grad sigmoid sigmoid_bp sign sin sinh size size_at size_list skipgram slice
        slice_bp softmax softmax_bp softmax_cross_entropy_loss softmax_cross_entropy_loss_grad
        softmax_cross_entropy_loss_with_logits softmax_cross_entropy_loss_with_logits_grad softplus
        softplus_bp softsign softsign_bp softsignderivative solve space_to_batch space_to_batch_nd
        space_to_depth sparse_softmax_cross_entropy_loss_with_logits
        sparse_softmax_cross_entropy_loss_with_logits_grad split split_list split_v sqrt sqrtm square
        squaredsubtract squaredsubtract_bp squeeze sru sruCell stabilize stack stack_list standardize
        standardize_bp std step stop_gradient strided_slice strided_slice_bp sub_scalar subtract subtract_bp
        sufficient_statistics svd swish switch tan tanderivative tanh tanh_bp tensorarraywritev3 tensordot
        tensormmul_bp tf_atan2 thresholdedrelu thresholdedrelu_bp tile tile_bp timesoneminus toggle_bits
        top_k trace transpose tri triangular_solve triu triu_bp truncatediv unique unique_with_counts
        unsorted_segment_max unsorted_segment_max_bp unsorted_segment_mean unsorted_segment_mean_bp
        unsorted_segment_min unsorted_segment_min_bp unsorted_segment_prod unsorted_segment_prod_bp
        unsorted_segment_sqrt_n unsorted_segment_sqrt_n_bp unsorted_segment_sum unsorted_segment_sum_bp
        unstack upsampling2d upsampling2d_bp upsampling3d upsampling3d_bp var
        weighted_cross_entropy_with_logits where_np xor xor_scalar xw_plus_b yiq_to_rgb yuv_to_rgb
        zero_fraction zeros_like zeroslike zeta
        """;

    /** Names of operators, in other releases too, that call back or go to files. */
    private static final Pattern DANGEROUS =
            Pattern.compile(".*(udf|py_?func|python|save|restore|read_?file|write_?file|eval|exec).*");

    private static final Map<String, Long> HASHES = new HashMap<>();
    private static final Set<String> NAMES = Set.of(words(OTHERS));

    static {
        long[] table = table();
        for (String name : words(CUSTOM)) {
            HASHES.put(name, hash(name, table));
        }
        for (String synonym : words(SYNONYMS)) {
            int equals = synonym.indexOf('=');
            String meant = synonym.substring(equals + 1);
            boolean number = meant.matches("-?[0-9]+");
            HASHES.put(synonym.substring(0, equals), number ? Long.parseLong(meant) : hash(meant, table));
        }
    }

    private SameDiffOps() {}

    /** What is known of an operator; {@code custom} where the hash decides. */
    static Standing of(String name, boolean custom, long hash) {
        Long own = HASHES.get(name);
        boolean known = custom ? own != null && own == hash : NAMES.contains(name) || HASHES.containsKey(name);
        if (known) {
            return Standing.KNOWN;
        }
        return DANGEROUS.matcher(name.toLowerCase(Locale.ROOT)).matches() ? Standing.DANGEROUS : Standing.UNKNOWN;
    }

    private static String[] words(String text) {
        return text.strip().split("\\s+");
    }

    /** The hash by which ND4J finds an operator: Press et al., Numerical Recipes, 3rd edition, section 7.6. */
    private static long hash(String name, long[] table) {
        long hash = 0xbb40e64da205b064L;
        for (int i = 0; i < name.length(); i++) {
            hash = hash * 7664345821815920749L ^ table[name.charAt(i) & 0xff];
            hash = hash * 7664345821815920749L ^ table[name.charAt(i) >>> 8];
        }
        return hash;
    }

    private static long[] table() {
        long[] table = new long[256];
        long h = 0x544b2fbacaaf1684L;
        for (int i = 0; i < table.length; i++) {
            for (int j = 0; j < 31; j++) {
                h ^= h >>> 7;
                h ^= h << 11;
                h ^= h >>> 10;
            }
            table[i] = h;
        }
        return table;
    }
}
