"""Backward operators written as ordinary forward ones, so that a gradient can be exported to ONNX.

`torch.func.vjp` traced by `make_fx` leaves operators such as `convolution_backward` in the graph, which ONNX
does not know. Each function here is the vector-Jacobian product with respect to the operator's input (weights
are constants) in operators that every runtime has. Networks are in evaluation mode, spatial sizes are fixed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch._decomp import get_decompositions
from torch.utils._python_dispatch import _disable_current_modes

aten = torch.ops.aten


def convolution_backward(
    grad: Tensor,
    x: Tensor,
    weight: Tensor,
    bias_sizes: Sequence[int] | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
    mask: Sequence[bool],
) -> tuple[Tensor | None, None, None]:
    """Input gradient of a convolution: the transposed one with the same weights, and the other way round."""
    if not mask[0]:
        return None, None, None
    axes = range(len(stride))
    if transposed:
        back = aten.convolution(grad, weight, None, stride, padding, dilation, False, [0, 0], groups)
        return back, None, None
    # What the stride left over at the far edge has to be added, or the gradient is smaller than the input.
    reach = [dilation[i] * (weight.shape[2 + i] - 1) + 1 for i in axes]
    left_over = [
        x.shape[2 + i] - ((grad.shape[2 + i] - 1) * stride[i] - 2 * padding[i] + reach[i]) for i in axes
    ]
    back = aten.convolution(grad, weight, None, stride, padding, dilation, True, left_over, groups)
    return back, None, None


def threshold_backward(grad: Tensor, x: Tensor, threshold: float) -> Tensor:
    """ReLU: the gradient passes where its output is positive."""
    return torch.where(x > threshold, grad, 0.0)


def hardtanh_backward(grad: Tensor, x: Tensor, low: float, high: float) -> Tensor:
    """ReLU6 and its kin: the gradient passes strictly between the bounds."""
    return torch.where((x > low) & (x < high), grad, 0.0)


def native_batch_norm_backward(
    grad: Tensor,
    x: Tensor,
    weight: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor,
    save_mean: Tensor | None,
    save_invstd: Tensor | None,
    train: bool,
    eps: float,
    mask: Sequence[bool],
) -> tuple[Tensor, None, None]:
    """Batch norm in evaluation mode is a scale by channel, and so is its gradient."""
    if train:
        raise ValueError("batch norm is in training mode: call eval() before exporting")
    scale = torch.rsqrt(running_var + eps)
    if weight is not None:
        scale = scale * weight
    return grad * scale[None, :, None, None], None, None


def upsample_nearest2d_backward(
    grad: Tensor, output_size: Sequence[int], input_size: Sequence[int], *scales: float | None
) -> Tensor:
    """Each cell collects the pixels that it was copied to: average pooling times their number."""
    rows, rest_rows = divmod(output_size[0], input_size[2])
    columns, rest_columns = divmod(output_size[1], input_size[3])
    if rest_rows or rest_columns:
        raise ValueError("nearest upsampling by a factor that is no whole number cannot be exported")
    return aten.avg_pool2d(grad, [rows, columns], [rows, columns]) * float(rows * columns)


def upsample_bilinear2d_backward(
    grad: Tensor,
    output_size: Sequence[int],
    input_size: Sequence[int],
    align_corners: bool,
    *scales: float | None,
) -> Tensor:
    """Linear interpolation along an axis is a matrix; its gradient is the product with the transposed one."""
    rows = _interpolation(output_size[0], input_size[2], align_corners, grad.dtype)
    columns = _interpolation(output_size[1], input_size[3], align_corners, grad.dtype)
    along_columns = _product(grad, columns)
    return _product(along_columns.transpose(2, 3), rows).transpose(2, 3)


def _product(x: Tensor, matrix: Tensor) -> Tensor:
    """x @ matrix over the last axis as one plain product (a batched one stores a matrix for each channel)."""
    return torch.mm(x.reshape(-1, x.shape[-1]), matrix).reshape(*x.shape[:-1], matrix.shape[1])


@functools.lru_cache(maxsize=64)
def _interpolation(output: int, cells: int, align_corners: bool, dtype: torch.dtype) -> Tensor:
    """(output, cells), made outside the trace so that it is a constant, and the same one for equal sides."""
    with _disable_current_modes():
        unit = torch.eye(cells, dtype=torch.float64)[:, None]
        shown = torch.nn.functional.interpolate(unit, size=output, mode="linear", align_corners=align_corners)
        return shown[:, 0].t().to(dtype).contiguous()


def max_pool2d_with_indices_backward(
    grad: Tensor,
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil_mode: bool,
    indices: Tensor,
) -> Tensor:
    """Each gradient goes to the pixel that had the maximum (torch's own choice where there are several)."""
    flat = (x - x).flatten(2)  # zeros that no optimiser can fold into a constant as large as the layer
    return flat.scatter_add(2, indices.flatten(2), grad.flatten(2)).reshape(x.shape)


def avg_pool2d_backward(
    grad: Tensor,
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    """Each window gives its gradient back in equal parts; only windows that tile the input are supported."""
    step = list(stride) or list(kernel)
    tiles = step == list(kernel) and not any(padding) and divisor_override is None
    if not tiles or any(x.shape[2 + i] != grad.shape[2 + i] * step[i] for i in (0, 1)):
        raise ValueError("average pooling with overlapping or padded windows cannot be exported")
    return aten.upsample_nearest2d(grad, [x.shape[2], x.shape[3]]) * (1.0 / (kernel[0] * kernel[1]))


def slice_backward(
    grad: Tensor, input_sizes: Sequence[int], dim: int, start: int, end: int, step: int
) -> Tensor:
    """What was cut away gets zeros; only slices without gaps are supported."""
    if step != 1:
        raise ValueError("slices with a step cannot be exported")
    length, dim = input_sizes[dim], dim % len(input_sizes)
    first = min(max(start + length if start < 0 else start, 0), length)
    pad = [0] * (2 * len(input_sizes))
    pad[2 * (len(input_sizes) - 1 - dim)] = first
    pad[2 * (len(input_sizes) - 1 - dim) + 1] = length - first - grad.shape[dim]
    return aten.constant_pad_nd(grad, pad, 0.0)


_OWN: dict[Any, Callable[..., Any]] = {
    aten.convolution_backward.default: convolution_backward,
    aten.threshold_backward.default: threshold_backward,
    aten.hardtanh_backward.default: hardtanh_backward,
    aten.native_batch_norm_backward.default: native_batch_norm_backward,
    aten.upsample_nearest2d_backward.default: upsample_nearest2d_backward,
    aten.upsample_bilinear2d_backward.default: upsample_bilinear2d_backward,
    aten.max_pool2d_with_indices_backward.default: max_pool2d_with_indices_backward,
    aten.avg_pool2d_backward.default: avg_pool2d_backward,
    aten.slice_backward.default: slice_backward,
}


def backward_table() -> dict[Any, Callable[..., Any]]:
    """Decompositions for `make_fx`: torch's own where they hold ordinary operators only, else ours."""
    of_torch = get_decompositions(
        [
            aten.leaky_relu_backward,
            aten.elu_backward,
            aten.silu_backward,
            aten.gelu_backward,
            aten.sigmoid_backward,
            aten.tanh_backward,
            aten.hardswish_backward,
            aten.hardsigmoid_backward,
            aten.native_group_norm_backward,
            aten._softmax_backward_data,
        ]
    )
    return {**of_torch, **_OWN}
