"""ELBv2: the certificates of a listener beside the default one, which moto keeps first in its list.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddListenerCertificates.html,
API_RemoveListenerCertificates.html, and the quotas of application load balancers.
"""

from .corrections import Call, corrects, refuse

EXTRA_PER_BALANCER = 25


def _listener(call: Call):
    return call.elbv2.describe_listeners(None, [call.request["ListenerArn"]])[0]


def _arns(call: Call) -> list[str]:
    return [certificate["CertificateArn"] for certificate in call.request.get("Certificates") or []]


@corrects("elbv2", "AddListenerCertificates")
def add(call: Call) -> dict:
    """What is in the list stays once. moto counts the default one among the 25, and adds twice."""
    listener, wanted = _listener(call), _arns(call)
    for arn in wanted:
        if not call.elbv2._certificate_exists(arn):
            raise refuse("CertificateNotFound", f"Certificate '{arn}' not found")
    extra = list(dict.fromkeys([*listener.certificates[1:], *wanted]))
    balancer = call.elbv2.load_balancers[listener.load_balancer_arn]
    others = sum(len(other.certificates[1:]) for other in balancer.listeners.values() if other is not listener)
    if len(extra) + others > EXTRA_PER_BALANCER:
        raise refuse("TooManyCertificates", f"The limit of {EXTRA_PER_BALANCER} certificates has been reached")
    listener.certificates[1:] = extra
    return {"Certificates": [{"CertificateArn": arn, "IsDefault": False} for arn in wanted]}


@corrects("elbv2", "RemoveListenerCertificates")
def remove(call: Call) -> dict:
    """The default one stays. moto takes it away."""
    listener, gone = _listener(call), _arns(call)
    extra = listener.certificates[1:]
    for arn in gone:
        if arn == listener.certificates[0] and arn not in extra:
            raise refuse("OperationNotPermitted", "The default certificate cannot be removed")
    listener.certificates[1:] = [arn for arn in extra if arn not in gone]
    return {}
