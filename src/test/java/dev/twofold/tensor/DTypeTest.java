package dev.twofold.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DTypeTest {

    @ParameterizedTest
    @CsvSource({
        "BOOL,8", "U8,8", "I8,8", "F8_E4M3,8", "F8_E5M2,8", "I16,16", "U16,16", "F16,16", "BF16,16", "I32,32",
        "U32,32", "F32,32", "F64,64", "I64,64", "U64,64", "C64,64", "F4,4", "F6_E2M3,6", "F6_E3M2,6", "F8_E8M0,8"
    })
    void knows_the_names_and_sizes_of_the_safetensors_format(String name, int bits) {
        assertThat(DType.named(name))
                .hasValueSatisfying(type -> assertThat(type.bits()).isEqualTo(bits));
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "Float32", "F32 ", "", "FP16", "BFLOAT16"})
    void knows_no_other_spelling(String name) {
        assertThat(DType.named(name)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void reads_weights_of_four_types_only(DType type) {
        boolean weight = type == DType.F64 || type == DType.F32 || type == DType.F16 || type == DType.BF16;
        assertThat(type.isWeight()).isEqualTo(weight);
    }

    @Test
    void a_packed_type_has_no_bytes_an_element() {
        assertThatThrownBy(DType.F4::bytes).isInstanceOf(IllegalStateException.class);
        assertThat(DType.BF16.bytes()).isEqualTo(2);
    }

    @Test
    void a_precision_prints_as_users_write_it() {
        assertThat(Precision.values()).extracting(Precision::toString).containsExactly("fp32", "fp16", "bf16");
        assertThat(Precision.values()).extracting(Precision::dtype).containsExactly(DType.F32, DType.F16, DType.BF16);
    }
}
